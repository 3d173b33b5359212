"""Zarr: hierarchies, arrays and codecs, and the cube that CF and GeoZarr make of them."""
