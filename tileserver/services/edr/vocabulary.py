"""The words of EDR: where its resources are, the formats of its answers, and media types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

Format = Literal["CoverageJSON", "GeoJSON", "CSV", "NetCDF"]

ROOT = "/edr"
COVERAGEJSON, GEOJSON = "application/prs.coverage+json", "application/geo+json"
MEDIA_TYPES: Mapping[Format, str] = {
    "CoverageJSON": COVERAGEJSON,
    "GeoJSON": GEOJSON,
    "CSV": "text/csv; charset=utf-8",
    "NetCDF": "application/x-netcdf",
}
QUERIES = ("position", "radius", "area", "cube", "trajectory")  # of every collection
LENGTHS_M = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "nmi": 1852.0}


def path(base: str, *parts: str) -> str:
    """The address of a resource of the API; its parts may hold what an address may not."""
    return "/".join((f"{base}{ROOT}", *(quote(part, safe="") for part in parts)))
