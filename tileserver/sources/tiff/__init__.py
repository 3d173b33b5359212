"""GeoTIFFs: one as a cube, many as a stack."""
