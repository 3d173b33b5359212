"""All routes of the xcube API."""

from __future__ import annotations

from tileserver.http.xcube import datasets, server, stac, tiles, values

ENDPOINTS = (
    *server.ENDPOINTS,
    *stac.ENDPOINTS,
    *datasets.ENDPOINTS,
    *tiles.ENDPOINTS,
    *values.ENDPOINTS,
)
