"""The endpoints of titiler.core for the datasets of the catalogue."""
