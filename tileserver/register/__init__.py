"""Datasets and keys that are registered while servers run: kept in a database that all share."""
