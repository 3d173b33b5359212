"""A good query of each kind, and what its definition and its answer tell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edr.conftest import Edr

POINT, PATH = "POINT(3.1 54.6)", "LINESTRING(0 53,2 54)"
AREA = "POLYGON((0 52,2 52,2 54,0 54,0 52))"
STEP = "2024-01-02T00:00:00Z"
# A good query of each kind.
GOOD: dict[str, dict[str, str]] = {
    "position": {"coords": POINT},
    "radius": {"coords": POINT, "within": "60", "within_units": "km"},
    "area": {"coords": AREA},
    "cube": {"bbox": "0,52,2,54"},
    "trajectory": {"coords": PATH},
    "locations/helgoland": {},
    "locations/bight": {},
}
BY_COORDS = [kind for kind, query in GOOD.items() if "coords" in query]
kinds = pytest.mark.parametrize("kind", GOOD)


def definition(edr: Edr, kind: str) -> dict[str, Any]:
    """The parameters of a query, by name, as the definition has them."""
    path = "locations/{locationId}" if kind.startswith("locations") else kind
    found = edr.get("/api").json()["paths"][f"/collections/{{collectionId}}/{path}"]["get"]
    return {each["name"]: each for each in found["parameters"]}


def times(found: dict[str, Any]) -> set[str]:
    """All times of an answer."""
    coverages = found.get("coverages", [found])
    told: set[str] = set()
    for each in coverages:
        axes = each["domain"]["axes"]
        if "t" in axes:
            told.update(axes["t"]["values"])
        if "composite" in axes:
            told.update(place[0] for place in axes["composite"]["values"])
    return told


def levels(found: dict[str, Any]) -> set[float]:
    """All levels of an answer."""
    told: set[float] = set()
    for each in found.get("coverages", [found]):
        axes = each["domain"]["axes"]
        if "z" in axes:
            told.update(axes["z"]["values"])
        elif "composite" in axes:
            at = axes["composite"]["coordinates"].index("z")
            told.update(place[at] for place in axes["composite"]["values"])
    return told
