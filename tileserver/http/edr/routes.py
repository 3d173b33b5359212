"""All routes of EDR."""

from __future__ import annotations

from tileserver.http.edr import definition, documents, queries

ENDPOINTS = (*documents.ENDPOINTS, *definition.ENDPOINTS, *queries.ENDPOINTS)
