"""Tiles, WMTS, legends, time series and statistics from Earth-observation data cubes."""

__version__ = "0.1.0"
