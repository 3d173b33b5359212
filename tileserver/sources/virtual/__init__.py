"""Cubes whose chunks lie inside other files: references to them, made at registration or read."""
