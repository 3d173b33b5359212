"""Datasets as a SpatioTemporal Asset Catalog (STAC 1.1): collections, items, searches."""
