"""Stores whose metadata is wrong: one line says what and where, and other variables are served."""

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tests.sources.zarr.zarrs import opened
from tileserver.errors import CatalogError

LAT, LON = np.linspace(80.0, -80.0, 17), np.arange(-180.0, 180.0, 10.0)


def two_maps(path: Path, **attrs: object) -> Path:
    """A store of a sound map `a` and of `b`, which has the attributes."""
    values = np.ones((17, 36), np.float32)
    cube = xr.Dataset({"a": (("lat", "lon"), values)}, {"lat": LAT, "lon": LON})
    cube.to_zarr(path, zarr_format=2, consolidated=False)
    group = xr.Dataset({"b": (("lat", "lon"), values)})
    group.to_zarr(path, zarr_format=2, consolidated=False, mode="a")
    zattrs = path / "b" / ".zattrs"
    zattrs.write_text(json.dumps({**json.loads(zattrs.read_text()), **attrs}))
    return path


@pytest.mark.parametrize(
    ("attrs", "words"),
    [
        ({"scale_factor": "abc"}, "could not convert string to float"),
        ({"valid_range": [5]}, "expected 2"),
        ({"missing_value": "not base64!"}, "attributes cannot be used"),
        ({"grid_mapping": "crs", "proj:code": "EPSG:0"}, "CRS cannot be understood"),
    ],
)
def test_one_bad_variable_is_named_and_harms_no_other(
    tmp_path: Path, attrs: dict[str, object], words: str
) -> None:
    """The sound one is there, the other is told in a warning."""
    cube = opened(two_maps(tmp_path / "two.zarr", **attrs)).cube
    assert list(cube.variables) == ["a"]
    [told] = [w for w in cube.warnings if "'b'" in w]
    assert words in told


def test_coordinates_of_another_length_are_refused(tmp_path: Path) -> None:
    """Rather than draw cells at places that are not theirs."""
    path = two_maps(tmp_path / "short.zarr")
    zarray = path / "b" / ".zarray"
    zarray.write_text(zarray.read_text().replace("17", "10"))
    cube = opened(path).cube
    assert list(cube.variables) == ["a"]
    assert any("10 cells along lat, whose coordinate has 17 values" in w for w in cube.warnings)


def test_coordinates_without_a_place_say_so(tmp_path: Path) -> None:
    """2-D coordinates that are all missing place no cell."""
    nowhere = np.full((3, 4), np.nan)
    cube = xr.Dataset(
        {"v": (("y", "x"), np.ones((3, 4), np.float32))},
        {"lon": (("y", "x"), nowhere), "lat": (("y", "x"), nowhere)},
    )
    cube.to_zarr(tmp_path / "swath.zarr", zarr_format=2, consolidated=True)
    with pytest.raises(CatalogError, match=r"lon and lat cannot be used: .* are missing"):
        opened(tmp_path / "swath.zarr")


@pytest.mark.parametrize("text", ['{"metadata": []}', "[]", '{"metadata": {', "null"])
def test_documents_that_are_none(tmp_path: Path, text: str) -> None:
    """Truncated or odd metadata is a CatalogError that names the document."""
    path = two_maps(tmp_path / "odd.zarr")
    (path / ".zmetadata").write_text(text)
    with pytest.raises(CatalogError, match=r"\.zmetadata is not"):
        opened(path)
