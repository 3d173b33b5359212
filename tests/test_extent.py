"""Boxes in other CRS hold all of their image, by pyproj point by point."""

import numpy as np
import pyproj
import pytest

from tileserver.extent import lonlat_reach, reach

CASES = {
    "a UTM zone": ("EPSG:32633", (3e5, 5e6, 7e5, 5.5e6)),
    "across 180°": ("EPSG:3832", (3e6, -1e6, 4e6, 1e6)),
    "beside a pole": ("EPSG:3413", (2e5, 2e5, 9e5, 8e5)),
    "geostationary, beyond the limb": (
        "+proj=geos +h=35785831 +lon_0=140.7", (-5.6e6, -5.6e6, 5.6e6, 5.6e6)
    ),
    "sinusoidal": ("+proj=sinu +R=6371007.181", (-8.9e6, 4.4e6, -7.7e6, 5.5e6)),
}  # fmt: skip


def _changes(crs: str) -> tuple[pyproj.Transformer, pyproj.Transformer]:
    there = pyproj.Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    return there, pyproj.Transformer.from_crs("OGC:CRS84", crs, always_xy=True)


@pytest.mark.parametrize("name", CASES)
def test_all_points_are_inside_and_the_box_is_tight(name: str) -> None:
    """A mesh much finer than the one that is used finds nothing outside, and comes near."""
    crs, (low_x, low_y, high_x, high_y) = CASES[name]
    to_lonlat, back = _changes(crs)
    found = lonlat_reach(to_lonlat.transform, back.transform, (low_x, low_y, high_x, high_y))
    assert found is not None
    west, south, east, north = found
    x, y = np.meshgrid(np.linspace(low_x, high_x, 1001), np.linspace(low_y, high_y, 1001))
    lon, lat = to_lonlat.transform(x, y)
    seen = np.isfinite(lon)
    # At the edge of the Earth a point that is seen may be one of few that are.
    slack = 0.02 if not seen.all() else 1e-9
    lon, lat = west + np.mod(lon[seen] - west + slack, 360) - slack, lat[seen]
    assert lon.max() <= east + slack
    assert lat.min() >= south - slack
    assert lat.max() <= north + slack
    near = 0.01 * (north - south)
    got = (lon.min(), lat.min(), lon.max(), lat.max())
    np.testing.assert_allclose(got, found, rtol=0, atol=near)


@pytest.mark.parametrize(
    ("crs", "box", "south", "north"),
    [
        ("EPSG:3413", (-1e3, -1e6, 1e6, 1e6), None, 90.0),
        ("EPSG:3031", (-1e6, -1e6, 1e6, 1e6), -90.0, None),
        ("+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +to_meter=0.0174532925",
         (-10, 30, 60, 60), None, 90.0),
    ],
)  # fmt: skip
def test_poles(crs: str, box: tuple, south: float | None, north: float | None) -> None:
    """A box that holds a pole holds all longitudes, and that latitude."""
    to_lonlat, back = _changes(crs)
    found = lonlat_reach(to_lonlat.transform, back.transform, box)
    assert found is not None
    assert (found[0], found[2]) == (-180.0, 180.0)
    assert south is None or found[1] == south
    assert north is None or found[3] == north


def test_nowhere() -> None:
    """A box off the Earth has no image."""
    to_lonlat, back = _changes("+proj=geos +h=35785831 +lon_0=0")
    box = (6e6, 6e6, 7e6, 7e6)
    assert lonlat_reach(to_lonlat.transform, back.transform, box) is None
    assert reach(to_lonlat.transform, box) is None
