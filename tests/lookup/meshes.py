"""Small curvilinear grids as they are out there: longitudes and latitudes of cell centres."""

import numpy as np
import pyproj

ROTATED_POLE = {
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": 39.25,
    "grid_north_pole_longitude": -162.0,
}


def rotated(size=40):
    """A regional climate model around Europe, with its rlon and rlat."""
    rlon, rlat = np.linspace(-23, 28, size), np.linspace(-21, 22, size - 6)
    to_lonlat = pyproj.Transformer.from_crs(pyproj.CRS.from_cf(ROTATED_POLE), 4326, always_xy=True)
    lon, lat = to_lonlat.transform(*np.meshgrid(rlon, rlat))
    return lon, lat, rlon, rlat


def tripolar(width=72, south=24, north=14, first_lon=73.0):
    """An ocean model: rows of one latitude up to 60° N, from there on circles through two poles of
    its own, which end at a fold, where column i meets column width - 1 - i."""
    angle = (np.arange(width) + 0.5) * (360 / width)
    row_lat = -78 + (np.arange(south) + 0.5) * (138 / south)
    lon = np.broadcast_to(angle, (south, width))
    lat = np.broadcast_to(row_lat[:, None], (south, width))
    # Bipolar coordinates in the plane of the polar stereographic projection, foci on its rim.
    sigma = np.pi / 2 + (np.arange(north) + 0.5)[:, None] * (np.pi / 2 / north)
    tau = np.arctanh(np.cos(np.radians(angle)))
    upper = np.where(angle < 180, 1.0, -1.0)
    x = np.sinh(tau) / (np.cosh(tau) - np.cos(sigma))
    y = upper * np.sin(sigma) / (np.cosh(tau) - np.cos(sigma))
    radius = np.hypot(x, y) * np.tan(np.radians(15))
    cap_lon, cap_lat = np.degrees(np.arctan2(y, x)), 90 - 2 * np.degrees(np.arctan(radius))
    lon, lat = np.concatenate([lon, cap_lon]), np.concatenate([lat, cap_lat])
    return (lon + first_lon + 180) % 360 - 180, lat


def swath(along=60, across=24, *, start=20.0, stop=150.0, lon_of_node=120.0):
    """An instrument that looks 12° to both sides of an orbit inclined by 98°."""
    t = np.radians(np.linspace(start, stop, along))[:, None]
    a = np.radians(np.linspace(-12, 12, across))
    node, inclination = np.radians(lon_of_node), np.radians(98)
    first = np.array([np.cos(node), np.sin(node), 0])
    east = np.array([-np.sin(node), np.cos(node), 0])
    second = np.cos(inclination) * east + np.sin(inclination) * np.array([0, 0, 1.0])
    normal = np.cross(first, second)
    x, y, z = (
        np.cos(a) * (np.cos(t) * f + np.sin(t) * s) + np.sin(a) * n
        for f, s, n in zip(first, second, normal, strict=True)
    )
    return np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(z))
