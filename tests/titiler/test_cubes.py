"""Cubes, which titiler.core by itself does not read: steps, units, colours, and what is refused."""

from __future__ import annotations

import io

import numpy as np
import pytest
import xarray as xr
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from PIL import Image

from tests.titiler.conftest import Pair, numbers

CUBE = "/titiler/datasets/cube"
TILE = f"{CUBE}/tiles/WebMercatorQuad/6/31/24"


def test_point_is_what_xarray_decodes(pair: Pair) -> None:
    """In physical units, at the step that is asked for, of the variable that is."""
    with xr.open_zarr(pair.folder / "cube.zarr") as data:
        expected = float(data["t"].sel(time="2024-01-02", lat=42.0, lon=-2.0))
    query = {"variable": "t", "time": "2024-01-02"}
    found = pair.own.get(f"{CUBE}/point/-2.0001,42.0001", params=query).json()
    assert found["values"] == pytest.approx([expected], rel=1e-6)
    by_step = {"variable": "t", "sel": "time=2024-01-02"}
    assert pair.own.get(f"{CUBE}/point/-2.0001,42.0001", params=by_step).json() == found
    both = pair.own.get(f"{CUBE}/point/-2.0001,42.0001").json()
    assert both["band_descriptions"] == ["Temperature", "z"]


def test_tile_shows_the_values_of_our_own(pair: Pair) -> None:
    """The same cells."""
    query = {"variable": "t", "time": "2024-01-02"}
    values, told = numbers(pair.own.get(f"{TILE}.npy", params=query))
    own = numbers(pair.own.get("/tiles/cube/t/6/31/24.npy", params={"time": "2024-01-02"}))[0]
    np.testing.assert_array_equal(told > 0, np.isfinite(own))
    np.testing.assert_allclose(values[told > 0], own[told > 0], rtol=1e-6)


def test_tile_has_the_colours_of_the_dataset(pair: Pair) -> None:
    """Where a request names none: those of our own tile, within a step of the scale."""
    query = {"variable": "t", "time": "2024-01-02"}
    tiles = [pair.own.get(f"{TILE}.png", params=query), pair.own.get(
        "/tiles/cube/t/6/31/24.png", params={"time": "2024-01-02"})]  # fmt: skip
    found, own = (np.array(Image.open(io.BytesIO(t.content)).convert("RGBA")) for t in tiles)
    np.testing.assert_array_equal(found[..., 3], own[..., 3])
    assert np.abs(found.astype(int) - own)[found[..., 3] > 0].max() <= 8


def test_classes_are_of_values(pair: Pair) -> None:
    """Intervals of a colormap that is given as JSON count in the data's units."""
    query = {"variable": "t", "time": "2024-01-02"}
    colormap = '[[[-99, 0], "#0000ff"], [[0, 99], "#ff0000"]]'
    picture = pair.own.get(f"{TILE}.png", params={**query, "colormap": colormap})
    shown = np.array(Image.open(io.BytesIO(picture.content)).convert("RGBA"))
    values, told = numbers(pair.own.get(f"{TILE}.npy", params=query))
    seen = told > 0
    np.testing.assert_array_equal(shown[seen][:, 0] == 255, values[seen] >= 0)
    np.testing.assert_array_equal(shown[seen][:, 2] == 255, values[seen] < 0)


def test_statistics_are_xarrays(pair: Pair) -> None:
    """Of all cells of a small cube."""
    with xr.open_zarr(pair.folder / "cube.zarr") as data:
        expected = data["t"].isel(time=0).load()
    query = {"variable": "t", "time": "2024-01-01"}
    found = pair.own.get(f"{CUBE}/statistics", params=query).json()["b1"]
    assert found["count"] == int(expected.count())
    for name in ("min", "max", "mean", "std"):
        assert found[name] == pytest.approx(float(getattr(expected, name)()), rel=1e-4)


def test_longitudes_from_0_to_360(pair: Pair) -> None:
    """Both halves of the world, each in its place."""
    root = "/titiler/datasets/turned"
    west, told = numbers(pair.own.get(f"{root}/tiles/WebMercatorQuad/1/0/0.npy"))
    east, _ = numbers(pair.own.get(f"{root}/tiles/WebMercatorQuad/1/1/0.npy"))
    assert told.all()
    assert (west.min(), west.max(), east.min(), east.max()) == (182, 358, 2, 178)
    assert pair.own.get(f"{root}/info").json()["bounds"] == [-180, -90, 180, 90]
    assert pair.own.get(f"{root}/point/-10,0").json()["values"] == [350]
    bounds = pair.own.get(f"{root}/WebMercatorQuad/tilejson.json").json()["bounds"]
    assert bounds == [-180, -90, 180, 90]


def test_description_is_valid(pair: Pair) -> None:
    """/openapi.json tells of all routes and their parameters, each operation once."""
    document = pair.own.get("/openapi.json").json()
    validate(document, cls=OpenAPIV31SpecValidator)
    told = document["paths"]["/titiler/datasets/{dataset}/preview.{format}"]["get"]
    assert {"bidx", "rescale", "max_size", "variable"} <= {p["name"] for p in told["parameters"]}
    ids = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(set(ids)) == len(ids)


def test_head(pair: Pair) -> None:
    """As a GET without its body, which clients send to look whether something is there."""
    for path in ("/info", "/tiles/WebMercatorQuad/6/31/24.png"):
        head, got = pair.own.head(f"{CUBE}{path}"), pair.own.get(f"{CUBE}{path}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == got.headers["etag"]


def test_wmts(pair: Pair) -> None:
    """Our own, of the dataset."""
    told = pair.own.get(f"{CUBE}/WMTSCapabilities.xml").text
    assert "<ows:Identifier>cube.t</ows:Identifier>" in told
    assert "utm" not in told


def test_url_names_a_dataset(pair: Pair) -> None:
    """As clients of TiTiler ask; the addresses in answers go on so."""
    by_url = pair.own.get("/titiler/cog/info", params={"url": "utm"})
    assert by_url.json() == pair.own.get("/titiler/datasets/utm/info").json()
    query = {"url": "cube", "variable": "t"}
    told = pair.own.get("/titiler/cog/WebMercatorQuad/tilejson.json", params=query).json()
    tile = told["tiles"][0].format(z=6, x=31, y=24)
    assert "url=cube" in tile
    assert pair.own.get(tile).headers["content-type"] == "image/png"
    assert pair.own.get("/titiler/cog/bounds", params={"url": "utm"}).json()["bounds"]


def test_kept_answer_is_the_same(pair: Pair) -> None:
    """From memory, and as 304 for who has it."""
    first, second = (pair.own.get(f"{TILE}.png", params={"variable": "z"}) for _ in range(2))
    assert first.content == second.content
    told = {"content-type", "content-bbox", "content-crs", "etag", "cache-control", "vary"}
    assert told <= set(first.headers)
    assert all(first.headers[name] == second.headers[name] for name in told)
    known = {"If-None-Match": first.headers["etag"]}
    assert pair.own.get(f"{TILE}.png", params={"variable": "z"}, headers=known).status_code == 304


def test_map_is_a_page_apart(pair: Pair) -> None:
    """Its scripts are of other servers: they see nothing of ours but what all may."""
    page = pair.own.get(f"{CUBE}/WebMercatorQuad/map.html", params={"variable": "t"})
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-security-policy"] == "sandbox allow-scripts"


WRONG = {
    "/titiler/datasets/none/info": (404, "dataset='none'"),
    "/titiler/cog/info": (400, "url is missing"),
    f"{CUBE}/info?variable=x": (404, "dataset cube has t, z"),
    f"{CUBE}/info?sel=depth=1": (400, "sel='depth=1'"),
    f"{CUBE}/preview.png?time=soon": (400, "time='soon'"),
    f"{CUBE}/preview.png?bidx=9": (400, "bidx='9'"),
    f"{CUBE}/preview.png?bidx=x": (400, "bidx"),
    f"{CUBE}/preview.png?rescale=low": (400, "rescale="),
    f"{CUBE}/preview.png?colormap_name=none": (400, "colormap_name='none'"),
    f"{CUBE}/preview.png?colormap={{": (400, "could not parse the colormap"),
    f"{CUBE}/preview.png?expression=open('x')": (400, "disallowed"),
    f"{CUBE}/preview.png?width=99999&height=99999": (413, "99999 × 99999 pixels"),
    f"{CUBE}/preview.gif": (400, "format='gif'"),
    f"{CUBE}/bbox/0,0,nan,1.png": (400, "NaN"),
    f"{CUBE}/bbox/west,0,1,1.png": (400, "minx='west'"),
    f"{CUBE}/point/100,0": (404, "outside the dataset's bounds"),
    f"{CUBE}/statistics?histogram_bins=99999999": (400, "expected 0 to 1000"),
    f"{CUBE}/tiles/WebMercatorQuad?maxzoom=99999999": (400, "expected 0 to 30"),
    f"{CUBE}/statistics?p=200": (400, "expected 0 to 100"),
    f"{CUBE}/tiles/None/0/0/0.png": (400, "tileMatrixSetId='None'"),
    f"{CUBE}/tiles/WebMercatorQuad/1/9/0.png": (404, "tile='1/9/0'"),
    f"{CUBE}/tiles/WebMercatorQuad/6/0/0.png": (404, "tile='6/0/0'"),
    f"{CUBE}/tiles/WebMercatorQuad/6/31/24.png?tilesize=9999": (400, "tilesize='9999'"),
    f"{CUBE}/tiles/WebMercatorQuad/6/31/24.png?buffer=9999": (400, "buffer='9999'"),
    f"{CUBE}/tiles/WebMercatorQuad/6/31/24.png?algorithm=none": (400, "algorithm='none'"),
}


@pytest.mark.parametrize("address", WRONG)
def test_wrong_requests_are_told(pair: Pair, address: str) -> None:
    """As problems, with the name, the value and what would do."""
    status, told = WRONG[address]
    answer = pair.own.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (
        status, "application/problem+json",
    )  # fmt: skip
    assert told.lower() in answer.json()["detail"].lower()


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"[]", 400), (b'{"type": "Feature"}', 400), (b" " * (64 << 20), 413)],
    ids=["no JSON", "no feature", "no geometry", "too large"],
)
def test_wrong_bodies_are_told(pair: Pair, body: bytes, status: int) -> None:
    """What is no feature, or larger than a body may be."""
    answer = pair.own.post(f"{CUBE}/statistics", content=body)
    assert answer.status_code == status, answer.text


def test_many_features_are_refused(pair: Pair) -> None:
    """Each is read by itself: a hundred at once."""
    feature = {"type": "Feature", "properties": {}, "geometry": None}
    body = {"type": "FeatureCollection", "features": [feature] * 101}
    answer = pair.own.post(f"{CUBE}/statistics", json=body)
    assert answer.status_code == 413
    assert "at most 100" in answer.json()["detail"]
