"""Datasets as rio-tiler reads files: what titiler.core's endpoints ask, over our own reading."""
