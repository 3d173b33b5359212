"""Copies of datasets that are laid out for other ways of reading, and work that takes long."""
