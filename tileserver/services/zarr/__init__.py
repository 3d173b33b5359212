"""Datasets as Zarr stores: objects as they lie there, or made of what does not lie in Zarr."""
