"""Grids whose cells follow no axes of their CRS: how to find the cells by their places."""
