"""Cases of the table: time and other dimensions, packing, classes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cftime
import numpy as np
import pandas as pd
import xarray as xr
import zarr

from tests.formats.case import Ask, Case, Given
from tests.formats.stores import LAT, LON, add, lonlat, numbers, write
from tests.formats.truth import Truth

SECTION = "Time, dimensions, values"
PLACE = lonlat(LON, LAT)
MAP = ("lat", "lon")
SHAPE = (len(LAT), len(LON))
URL = {"url": "a.zarr"}
SETS = ("WebMercatorQuad",)
DAYS = {"units": "days since 2001-02-26"}

Labels = Mapping[str, Sequence[str]]


def iso(time: Any) -> str:
    """A time of cftime or numpy as the server writes it; "" for NaT."""
    if isinstance(time, cftime.datetime):
        return f"{time.strftime('%Y-%m-%dT%H:%M:%S')}Z"
    return "" if np.isnat(time) else f"{np.datetime_as_string(time, 's')}Z"


def by_label(path: Path, labels: Labels, first: tuple[str, ...] = ()) -> Callable[[Ask], Any]:
    """A step (rows, cols) of `a` as xarray masks and scales it, by other software's labels: the
    first in the store that has the label asked for.

    Args:
        first: dimensions whose default is the first step; of the others it is the last label.
    """

    kept: dict[object, np.ndarray] = {}

    def read(ask: Ask) -> np.ndarray:
        key = tuple(sorted(ask.items()))
        if key not in kept:
            kept[key] = _read(ask)
        return kept[key]

    def _read(ask: Ask) -> np.ndarray:
        options: Any = {"engine": "zarr", "consolidated": False, "decode_times": False}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of several missing values
            with xr.open_dataset(path, **options) as data:
                step = data["a"].load()
        for dim, known in labels.items():
            default = known[0] if dim in first else max(filter(None, known))
            step = step.isel({dim: list(known).index(ask.get(ROLE.get(dim, dim), default))})
        return step.transpose(*MAP).values.astype(np.float64)

    return read


ROLE = {"t": "time", "obs": "time"}  # dimensions that the server calls time


def _timed(
    coordinate: Any,
    labels: Sequence[str],
    *,
    dim: str = "time",
    first: bool = False,
    **options: Any,
) -> Any:
    """A store with a time coordinate, whose labels come from other software."""

    def make(folder: Path) -> Given:
        shape = (len(labels), *SHAPE)
        path = write(
            folder / "a.zarr", numbers("f4", shape), (dim, *MAP), {dim: coordinate}, **options
        )
        return _given(path, {dim: labels}, first=(dim,) if first else ())

    return make


def _given(path: Path, labels: Labels, *, first: tuple[str, ...] = (), **more: Any) -> Given:
    """By labels; asked for the default step, and for the first label of each dimension."""
    dims = {ROLE.get(dim, dim): known for dim, known in labels.items()}
    asked = {dim: next(filter(None, known)) for dim, known in dims.items()}
    times = sorted({label for label in dims.get("time", ()) if label})
    given: dict[str, Any] = {
        "asks": ({}, asked),
        "times": tuple(label for label in times if "T" in label),
        "sets": SETS,
        "dims": {d: len(times) if d == "time" else len(known) for d, known in dims.items()},
    }
    truth = Truth(PLACE, by_label(path, labels, first))
    return Given(URL, "a", (truth,), **{**given, **more})


def _numbered(values: Any, calendar: str, units: str, **attrs: Any) -> Any:
    """Numbers of CF units, labelled as cftime decodes them."""

    def make(folder: Path) -> Given:
        stored = np.asarray(values)
        plain = stored * attrs.get("scale_factor", 1) + attrs.get("add_offset", 0)
        labels = [iso(date) for date in cftime.num2date(plain, units, calendar=calendar)]
        given: Given = _timed((stored, {"units": units, "calendar": calendar, **attrs}), labels)(
            folder
        )
        return given

    return make


def _months(units: str, step: str) -> Any:
    """Calendar months and years, which xarray does not read: pandas steps them."""

    def make(folder: Path) -> Given:
        start = pd.Timestamp(units.split(" since ")[1])
        dates = [np.datetime64(start + pd.DateOffset(**{step: n})) for n in range(4)]
        given: Given = _timed((np.arange(4), {"units": units}), [iso(d) for d in dates])(folder)
        return given

    return make


def _texts(dtype: Any, zarr_format: int) -> Any:
    texts = ["2024-02-28", "2024-02-29T06:00:00", "", "2024-03-01T00:00:00Z"]
    labels = [iso(np.datetime64(text.rstrip("Z") or "NaT")) for text in texts]

    def make(folder: Path) -> Given:
        data = numbers("f4", (4, *SHAPE))
        path = write(folder / "a.zarr", data, ("time", *MAP), zarr_format=zarr_format)
        names = {"dimension_names": ("time",)} if zarr_format == 3 else {}
        array = zarr.open_group(path).create_array("time", shape=(4,), dtype=dtype, **names)
        array.attrs["_ARRAY_DIMENSIONS"] = ["time"]
        array[...] = np.array(texts).astype(np.dtype(dtype))
        return _given(path, {"time": labels})

    return make


def _scalar(folder: Path) -> Given:
    path = write(folder / "a.zarr", numbers("f4"), attrs={"coordinates": "time"})
    add(zarr.open_group(path), "time", np.array(3), (), DAYS)
    return Given(URL, "a", (Truth(PLACE, by_label(path, {})),), sets=SETS, dims={"time": 1})


def _beside(folder: Path) -> Given:
    labels = [iso(t) for t in np.datetime64("2001-02-26") + np.arange(3)]
    path = write(folder / "a.zarr", numbers("f4", (3, *SHAPE)), ("obs", *MAP))
    add(zarr.open_group(path), "when", np.arange(3), ("obs",), DAYS)
    return _given(path, {"obs": labels})


def _forecast(folder: Path) -> Given:
    """Reference time and step, as ECMWF's tools write them."""
    path = write(
        folder / "a.zarr", numbers("f4", (2, 3, *SHAPE)), ("time", "step", *MAP),
        {
            "time": (np.array([0, 1]), {**DAYS, "standard_name": "forecast_reference_time"}),
            "step": (np.array([0, 6, 12]), {"units": "hours", "standard_name": "forecast_period"}),
        },
    )  # fmt: skip
    labels = {"time": [iso(t) for t in np.datetime64("2001-02-26") + np.arange(2)],
              "step": ["0", "6", "12"]}  # fmt: skip
    return _given(
        path, labels, first=("step",), asks=({}, {"step": "12", "time": labels["time"][0]})
    )


def _two_times(folder: Path) -> Given:
    """The time that forecasts are for, and the one at which they were made."""
    path = write(
        folder / "a.zarr", numbers("f4", (2, 3, *SHAPE)), ("reference", "t", *MAP),
        {
            "reference": (np.array([0, 1]), {**DAYS, "standard_name": "forecast_reference_time"}),
            "t": (np.array([1, 2, 3]), {**DAYS, "standard_name": "time"}),
        },
    )  # fmt: skip
    days = [iso(t) for t in np.datetime64("2001-02-26") + np.arange(4)]
    return _given(path, {"reference": days[:2], "t": days[1:]})


def _dimension(values: Any, labels: Sequence[str], zarr_format: int = 3, **attrs: Any) -> Any:
    """A store with a dimension that is not time."""

    def make(folder: Path) -> Given:
        shape = (len(labels), *SHAPE)
        known = {} if values is None else {"z": (np.asarray(values), attrs)}
        path = write(
            folder / "a.zarr", numbers("f4", shape), ("z", *MAP), known, zarr_format=zarr_format
        )
        asks = ({}, {"z": labels[-1]})
        return _given(path, {"z": labels}, first=("z",), asks=asks)

    return make


def _five(folder: Path) -> Given:
    path = write(
        folder / "a.zarr", numbers("i2", (2, *SHAPE, 3, 2)), ("member", *MAP, "time", "level"),
        {
            "member": np.array(["control", "p1"], "<U7"),
            "time": (np.arange(3), DAYS),
            "level": (np.array([850.0, 500.0]), {"units": "hPa"}),
        },
        zarr_format=2, fill_value=None,
    )  # fmt: skip
    days = [iso(t) for t in np.datetime64("2001-02-26") + np.arange(3)]
    labels = {"member": ["control", "p1"], "time": days, "level": ["850", "500"]}
    asks = ({}, {"member": "p1", "level": "500", "time": days[1]})
    return _given(path, labels, first=("member", "level"), asks=asks)


def _values(
    dtype: str, *, masked: Any = None, zarr_format: int = 3, fill: Any = None, **attrs: Any
) -> Any:
    """Packed numbers as xarray decodes them.

    Args:
        masked: of stored numbers and the decoded, those that are valid by a range, of which
            xarray knows nothing.
    """

    def make(folder: Path) -> Given:
        stored = numbers(dtype)
        stored[::7, ::5] = 0
        path = write(folder / "a.zarr", stored, attrs=attrs, zarr_format=zarr_format,
                     fill_value=fill)  # fmt: skip
        decoded = by_label(path, {})

        def read(ask: Ask) -> np.ndarray:
            found = decoded(ask)
            return found if masked is None else np.where(masked(stored), found, np.nan)

        told = attrs.get("actual_range")
        return Given(URL, "a", (Truth(PLACE, read),), sets=SETS,
                     legend_range=tuple(told) if told else None)  # fmt: skip

    return make


def _classes(
    categories: Sequence[tuple[float, str]], colors: Sequence[str] | None = None, **attrs: Any
) -> Any:
    def make(folder: Path) -> Given:
        path = write(folder / "a.zarr", numbers("u1") % 8, attrs=attrs)
        return Given(URL, "a", (Truth(PLACE, by_label(path, {})),), sets=SETS,
                     categories=tuple(categories), colors=colors and tuple(colors))  # fmt: skip

    return make


def _quality(expression: str, keep: Callable[[np.ndarray], np.ndarray], **attrs: Any) -> Any:
    """A band masked by classes on cells twice as large."""

    def make(folder: Path) -> Given:
        lat, lon = LAT[:40], LON[:60]
        data, quality = numbers("f4", (40, 60)), (numbers("u1", (20, 30)) % 8)
        path = write(folder / "a.zarr", data, coordinates={"lat": lat, "lon": lon})
        group = zarr.open_group(path)
        for name, centers in (("y20", lat), ("x20", lon)):
            kind = {"units": "degrees_north" if name == "y20" else "degrees_east"}
            add(group, name, (centers[::2] + centers[1::2]) / 2, (name,), kind)
        add(group, "scl", quality, ("y20", "x20"), attrs)
        whole = np.kron(quality, np.ones((2, 2), int))

        def read(_: Ask) -> np.ndarray:
            return np.where(keep(whole), data.astype(np.float64), np.nan)

        return Given(URL, "_", (Truth(lonlat(lon, lat), read),), sets=SETS,
                     asks=({"expression": expression},), variables=("a", "scl"))  # fmt: skip

    return make


JUMPS = np.array([0, 30, 31, 400.5])
DAY = [iso(t) for t in np.datetime64("2001-02-26") + np.arange(9)]

CALENDARS = [
    "standard", "gregorian", "proleptic_gregorian", "julian",
    "noleap", "365_day", "all_leap", "366_day", "360_day",
]  # fmt: skip
TIMES = {
    **{f"calendar {c}": _numbered(JUMPS, c, "days since 2001-01-30 12:00") for c in CALENDARS},
    "calendar none: steps are numbers": _timed(
        (np.arange(3), {**DAYS, "calendar": "none"}), ["0", "1", "2"], first=True
    ),
    "hours as float32": _numbered(JUMPS.astype("f4"), "standard", "hours since 1900-01-01"),
    "seconds as uint64": _numbered(
        (JUMPS * 9e6).astype("u8"), "standard", "seconds since 1970-01-01T00:00:00Z"
    ),
    "microseconds": _numbered(
        (JUMPS * 6e9).astype("i8"), "standard", "microseconds since 2020-01-01"
    ),
    "before 1582": _numbered(JUMPS * 365, "standard", "days since 1581-06-01"),
    "after 2262": _numbered(JUMPS, "standard", "days since 2400-01-01"),
    "packed times": _numbered(np.array([0, 8, 9], "i2"), "standard", "days since 2001-01-01",
                              scale_factor=0.25, add_offset=10.0),
    "a time zone": _numbered(JUMPS, "standard", "hours since 2001-01-01 00:00:00 +05:30"),
    "units in odd spelling": _timed(
        (np.arange(3), {"units": "Days  SINCE 2001-2-26 0:0:0 UTC"}), DAY[:3]
    ),
    "months since": _months("months since 2001-01-31", "months"),
    "years since": _months("years since 2000-02-29", "years"),
    "dates in digits": _timed(
        (np.array([20010226.0, 20010227.0, 20010301.0]), {"units": "day as %Y%m%d.%f"}),
        [DAY[0], DAY[1], DAY[3]],
    ),
    "times as texts, Zarr 2": _texts(str, 2),
    "times as texts, Zarr 3": _texts(str, 3),
    "times as bytes": _texts("S20", 2),
    "datetime64 of Zarr 3": _timed(
        np.array(["2001-02-26", "NaT", "2001-02-28"], "M8[ns]"), [DAY[0], "", DAY[2]]
    ),
    "irregular, unsorted": _timed((np.array([5, 0, 2]), DAYS), [DAY[5], DAY[0], DAY[2]]),
    "descending": _timed((np.array([3, 2, 1]), DAYS), DAY[3:0:-1]),
    "duplicate": _timed((np.array([0, 1, 1, 2]), DAYS), [DAY[0], DAY[1], DAY[1], DAY[2]]),
    "missing (NaT)": _timed((np.array([0, np.nan, 2]), DAYS), [DAY[0], "", DAY[2]]),
    "one step": _timed((np.array([4]), DAYS), [DAY[4]]),
    "tiny time chunks": _timed(
        (np.arange(9), DAYS), DAY, chunks=(1, 41, 61)
    ),
    "a climatology": _timed(
        (np.arange(3), {**DAYS, "climatology": "bounds"}), DAY[:3], first=True
    ),
    "a climatology of the year 0": _timed(
        (np.array([15, 45, 74]), {"units": "days since 0000-01-01", "calendar": "noleap"}),
        [f"0000-{d}T00:00:00Z" for d in ("01-16", "02-15", "03-16")], first=True,
    ),
    "times by an auxiliary coordinate": _beside,
    "a scalar time": _scalar,
    "reference time and step": _forecast,
    "reference time and valid time": _two_times,
}  # fmt: skip
DIMENSIONS = {
    "five dimensions in any order": _five,
    "levels, descending": _dimension([1000.0, 850.0, 500.0], ["1000", "850", "500"]),
    "depths, packed": _dimension([0, 1, 5], ["5", "15", "55"], scale_factor=10.0, add_offset=5.0),
    "months of a year": _dimension(np.arange(1, 13), [str(n) for n in range(1, 13)]),
    "seasons": _dimension(np.array(["DJF", "MAM"], "<U3"), ["DJF", "MAM"], zarr_format=2),
    "a dimension without coordinates": _dimension(None, ["0", "1", "2"]),
    "a dimension of one": _dimension([2.0], ["2"]),
}
PACKINGS = {
    "int16, scale, offset, fill": _values("i2", scale_factor=0.01, add_offset=273.15, _FillValue=0),
    "several missing values": _values("u2", missing_value=[3, 9, 14]),
    "_Unsigned": _values("i1", _Unsigned="true", scale_factor=0.5, _FillValue=7),
    "fill value of Zarr 2": _values("u1", zarr_format=2, fill=0),
    "true zeros in Zarr 3": _values("u1", fill=0),
    "valid_range, packed": _values(
        "i2", masked=lambda n: (n >= 10) & (n <= 90), scale_factor=0.5, valid_range=[10, 90]
    ),
    "valid_range, unpacked": _values(
        "i2", masked=lambda n: (n >= 20) & (n <= 80), scale_factor=0.5, valid_range=[10.0, 40.0]
    ),
    "valid_min": _values("f4", masked=lambda n: n >= 30, valid_min=30.0),
    "actual_range": _values("f4", actual_range=[5.0, 80.0]),
}
RGB = ["#ff0000", "#00ff00", "#0000ff"]
CLASSES = {
    "flag_values": _classes(
        [(1, "cloud free"), (2, "haze"), (5, "cloud")], flag_values=[1, 2, 5],
        flag_meanings="cloud_free haze cloud",
    ),
    "flag_values in a text, with colours": _classes(
        [(1, "a"), (2, "b"), (5, "c")], RGB, flag_values="1b, 2b, 5b",
        flag_meanings=["a", "b", "c"], flag_colors="#ff0000 lime #0000ff",
    ),
    "flag_masks": _classes(
        [(1, "cloud"), (2, "shadow"), (4, "snow")], flag_masks=[1, 2, 4],
        flag_meanings="cloud shadow snow",
    ),
    "flag_masks and flag_values": _classes(
        [(1, "odd"), (2, "haze"), (4, "cloud"), (0, "clear")],
        flag_masks=[1, 6, 6, 6], flag_values=[1, 0, 2, 4], flag_meanings="odd clear haze cloud",
    ),
    "classes of coarser cells in an expression": _quality(
        "where(scl in (4, 5), a, nan)", lambda q: np.isin(q, (4, 5)),
        flag_values=list(range(8)), flag_meanings="a b c d e f g h",
    ),
    "bits of coarser cells in an expression": _quality(
        "a if not (scl & 1 or bit(scl, 2)) else nan", lambda q: (q & 5) == 0
    ),
}  # fmt: skip

CASES = [
    Case(SECTION, name, make)
    for group in (TIMES, DIMENSIONS, PACKINGS, CLASSES)
    for name, make in group.items()
]
