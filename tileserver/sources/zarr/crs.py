"""The CRS that attributes tell: `proj:` convention, WKT, PROJ, or a CF grid mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pyproj

from tileserver.grid import LONLAT, transformer

# In the order of trust; each may hold any text that PROJ understands, or PROJJSON.
CRS_TEXTS = ("proj:code", "proj:wkt2", "proj:projjson", "crs_wkt", "spatial_ref", "esri_pe_string")
OTHER_TEXTS = (
    *("proj4", "proj4text", "proj4string", "proj4_string", "proj4_params"),
    *("epsg_code", "crs"),
)
EPSG_NUMBERS = ("proj:epsg", "epsg", "EPSG")
OLD_EPSG = re.compile(r"\+?init=(epsg:\d+)", re.IGNORECASE)
# What makes PROJ open files of the machine; @null is none.
FILES = re.compile(r"(grids|file|init|catalog)\s*=\s*(?!@null)", re.IGNORECASE)
LONGEST = 1 << 17
NUMBERS = re.compile(r"[\s,;]+")
WGS84_MAJOR_M = 6378137.0
# Lengths in metres and angles in radians, by the units of coordinates (UDUNITS).
LENGTHS = {
    **dict.fromkeys(("m", "metre", "meter", "metres", "meters"), 1.0),
    **dict.fromkeys(("km", "kilometre", "kilometer", "kilometres", "kilometers"), 1000.0),
    **dict.fromkeys(("ft", "foot", "feet"), 0.3048),
    **dict.fromkeys(("us-ft", "us_survey_foot", "us_survey_feet"), 1200 / 3937),
}
ANGLES = {
    **dict.fromkeys(("rad", "radian", "radians"), 1.0),
    **dict.fromkeys(("microradian", "microradians", "urad"), 1e-6),
    **dict.fromkeys(("degree", "degrees", "deg"), 0.017453292519943295),
}


def crs_of(attrs: Mapping[str, Any]) -> pyproj.CRS | None:
    """The CRS in attributes, if they tell one.

    Raises ValueError, saying why, where they do but it cannot be used.
    """
    reasons = []
    for key in (*CRS_TEXTS, *EPSG_NUMBERS, *OTHER_TEXTS):
        value = attrs.get(key)
        if not value or isinstance(value, (bool, float)):
            continue
        try:
            return usable(_parsed(key, value))
        except (pyproj.exceptions.CRSError, TypeError) as error:
            reasons.append(f"{key} is none that PROJ knows ({_first_line(error)})")
    if "grid_mapping_name" in attrs:
        return usable(_from_cf(attrs))
    # What is no CRS under a name of many meanings is no word about one.
    if reasons and not all(reason.split(" ")[0] in OTHER_TEXTS for reason in reasons):
        raise ValueError(reasons[0])
    return None


def _parsed(key: str, value: Any) -> pyproj.CRS:
    if key in EPSG_NUMBERS or isinstance(value, int):
        return pyproj.CRS.from_user_input(f"EPSG:{str(value).upper().removeprefix('EPSG:')}")
    text = value if isinstance(value, str) else json.dumps(value)
    old = OLD_EPSG.search(text)
    if old is None and (len(text) > LONGEST or FILES.search(text)):
        raise TypeError("too long, or with files of its own")
    return pyproj.CRS.from_user_input(old.group(1) if old else value)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]


def usable(crs: pyproj.CRS) -> pyproj.CRS:
    """The CRS of the map: the horizontal one of a compound. ValueError where there is none."""
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    if crs.is_geocentric or crs.is_vertical or not (crs.is_geographic or crs.is_projected):
        raise ValueError(f"{crs.name!r} is a {crs.type_name}, not one of a map")
    try:
        transformer(LONLAT, crs)
    except pyproj.exceptions.ProjError as error:
        why = _first_line(error)
        raise ValueError(f"{crs.name!r} cannot be brought to WGS 84 ({why})") from None
    return crs


def _from_cf(attrs: Mapping[str, Any]) -> pyproj.CRS:
    """From a CF grid mapping, also one that leaves out what has a usual value."""
    told = {key: _plain(value) for key, value in attrs.items()}
    name = str(told["grid_mapping_name"]).strip().lower()
    told["grid_mapping_name"] = name
    if name == "geostationary" and not {"sweep_angle_axis", "fixed_angle_axis"} & set(told):
        told["sweep_angle_axis"] = "y"
    if name == "polar_stereographic" and "longitude_of_projection_origin" in told:
        told.setdefault(
            "straight_vertical_longitude_from_pole", told["longitude_of_projection_origin"]
        )
    # A major axis alone is a sphere's radius, unless it is that of WGS 84.
    others = {"semi_minor_axis", "inverse_flattening", "earth_radius", "reference_ellipsoid_name"}
    major = told.get("semi_major_axis")
    if isinstance(major, float) and major != WGS84_MAJOR_M and not others & set(told):
        told["earth_radius"] = told.pop("semi_major_axis")
    try:
        return pyproj.CRS.from_cf(told)
    except KeyError as error:
        raise ValueError(f"the grid mapping {name} lacks {error.args[0]}") from None
    except (pyproj.exceptions.CRSError, TypeError, ValueError) as error:
        why = _first_line(error)
        raise ValueError(f"the grid mapping {name} cannot be used ({why})") from None


def _plain(value: Any) -> Any:
    """Numbers as such: also those that are written as texts, or alone in a list."""
    if isinstance(value, str):
        try:
            value = [float(part) for part in NUMBERS.split(value.strip())]
        except ValueError:
            return value
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def unit_factor(units: object, crs: pyproj.CRS) -> float:
    """By what coordinates in some units are multiplied to be in those of the CRS.

    Angles of a geostationary view are of the instrument: times its height they are what PROJ
    takes (proj.org, geos).
    """
    name = str(units).strip().lower() if units is not None else ""
    axis = crs.axis_info[0]
    is_length = not crs.is_geographic
    if name in LENGTHS and is_length:
        return LENGTHS[name] / axis.unit_conversion_factor
    if name in ANGLES:
        if not is_length:
            return ANGLES[name] / axis.unit_conversion_factor
        height = _height(crs)
        if height is not None:
            return ANGLES[name] * height
    return 1.0


def _height(crs: pyproj.CRS) -> float | None:
    """Of the satellite of a geostationary view, in m."""
    operation = crs.coordinate_operation
    if operation is None or "geostationary" not in operation.method_name.lower():
        return None
    heights = [p.value for p in operation.params if "height" in p.name.lower()]
    return float(heights[0]) if heights else None
