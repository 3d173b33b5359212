"""What is too much is refused before it is read, and says what to ask for."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml

from tests.conftest import running
from tests.edr import cubes
from tests.edr.conftest import Edr

WORLD = "-180,-90,180,90"


def refused(answer: httpx.Response) -> str:
    assert answer.status_code == 413, answer.text
    detail: str = answer.json()["detail"]
    return detail


def test_too_many_points(edr: Edr) -> None:
    """A thousand at a time."""
    points = ",".join(f"({number / 1000} 54)" for number in range(1001))
    assert "1000" in refused(edr.query("sea", "position", coords=f"MULTIPOINT({points})"))


def test_too_many_vertices(edr: Edr) -> None:
    """Of a path."""
    places = ",".join(f"{number / 1000} 54" for number in range(1100))
    assert "1024" in refused(edr.query("sea", "trajectory", coords=f"LINESTRING({places})"))


def test_too_much_to_read(tmp_path: Path) -> None:
    """Of chunks, whatever the query."""
    cubes.sea().drop_vars(["kind", "spread"]).to_zarr(tmp_path / "sea.zarr", zarr_format=2)
    catalog = tmp_path / "catalog.yaml"
    told = [{"id": "sea", "url": str(tmp_path / "sea.zarr")}]
    catalog.write_text(yaml.safe_dump({"datasets": told}))
    with (
        running("--catalog", str(catalog), TILESERVER_SERIES_READ_BYTES="1000") as url,
        httpx.Client(base_url=f"{url}/edr/collections/sea") as client,
    ):
        for kind, query in (
            ("cube", {"bbox": "0,50,7,57"}),
            ("area", {"coords": "POLYGON((0 50,7 50,7 57,0 50))"}),
            ("position", {"coords": "POINT(3 53)"}),
            ("trajectory", {"coords": "LINESTRING(0 51,7 57)"}),
        ):
            assert "MB" in refused(client.get(f"/{kind}", params=query)), kind


def test_too_many_values(edr: Edr) -> None:
    """Of an answer."""
    points = ",".join(f"({4.6 + number / 1000} 54)" for number in range(900))
    answer = edr.query("long", "position", coords=f"MULTIPOINT({points})")
    assert "4,000,000" in refused(answer)
    edr.ask("long", "position", coords="POINT(5 54)")


def test_too_many_rows(edr: Edr) -> None:
    """Of GeoJSON and of CSV; other formats take more."""
    points = ",".join(f"({4.6 + number / 1000} 54)" for number in range(200))
    query = {"coords": f"MULTIPOINT({points})"}
    assert "50,000" in refused(edr.query("long", "position", **query, f="GeoJSON"))
    assert "500,000" in refused(edr.query("long", "position", **query, f="CSV"))
    assert edr.query("long", "position", **query, f="NetCDF").status_code == 200


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("position", {"coords": "POINT(1e999 0)"}),
        ("position", {"coords": "POINT(0 91)"}),
        ("position", {"coords": "POINT(400 0)"}),
        ("position", {"coords": "POINT M(0 0 1)"}),
        ("position", {"coords": "POINT(NaN 0)"}),
        ("position", {"coords": "SRID=4326;POINT(0 0)"}),
        ("position", {"coords": "POINT(" + "(" * 9_000}),
        ("area", {"coords": "POLYGON((0 0,1 1,0 0))"}),
        ("area", {"coords": "POLYGON((0 0,1 1))"}),
        ("area", {"coords": "POLYGON((0 0,0 95,1 95,0 0))"}),
        ("cube", {"bbox": "0,0,1e400,1"}),
        ("cube", {"bbox": "0,-100,1,1"}),
        ("radius", {"coords": "POINT(0 0)", "within": "0", "within_units": "km"}),
        ("radius", {"coords": "POINT(0 0)", "within": "-5", "within_units": "km"}),
        ("radius", {"coords": "POINT(0 0)", "within": "nan", "within_units": "km"}),
        ("radius", {"coords": "POINT(0 0)", "within": "50000", "within_units": "km"}),
        ("radius", {"coords": "POINT(0 95)", "within": "5", "within_units": "km"}),
        ("trajectory", {"coords": "LINESTRING(0 0,0 120)"}),
        ("position", {"coords": "POINT(0 0)", "member": "x"}),
        ("position", {"coords": "POINT(0 0)", "parameter_name": ""}),
        ("position", {"coords": "POINT(0 0)", "z": "R99999/0/1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:60],
)
def test_what_cannot_be_used(edr: Edr, kind: str, query: dict[str, str]) -> None:
    """Is told with its name, and never the server's mistake."""
    assert "expected" in edr.fails("sea", kind, **query)


def test_parameters_that_nobody_knows(edr: Edr) -> None:
    """Are told, with the one that may have been meant."""
    told = edr.fails("sea", "position", coords="POINT(0 53)", time="2024-01-01")
    assert "did you mean datetime?" in told


def test_own_crs_beyond_the_earth(edr: Edr) -> None:
    """Coordinates that a CRS does not have are told too."""
    query = {"coords": "POINT(1e30 1e30)", "crs": "EPSG:32632"}
    assert "coords" in edr.fails("scene", "position", **query)
    edr.fails("scene", "cube", bbox="1e29,1e29,1e30,1e30", crs="EPSG:32632")


def test_too_many_series(edr: Edr) -> None:
    """Of points at many levels, though their values are few; fewer levels are answered."""
    points = ",".join(f"({4.6 + number / 1250} 54)" for number in range(900))
    query = {"coords": f"MULTIPOINT({points})", "parameter_name": "w"}
    assert "108,000 series" in refused(edr.query("long", "position", **query))
    found = edr.ask("long", "position", **query, z="7")
    assert {each["ranges"]["w"]["values"][0] for each in found["coverages"]} == {7}
