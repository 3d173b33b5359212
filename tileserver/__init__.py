"""Tiles and answers from Earth-observation data cubes."""
