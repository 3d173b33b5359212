"""Cases of the table: time and other dimensions."""

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

from tests.formats.case import Ask, Case, Given, Refused
from tests.formats.stores import LAT, LON, add, lonlat, numbers, write
from tests.formats.truth import Truth

SECTION = "Time and other dimensions"
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
REFUSED = {
    "times of no unit": ({"units": "fortnights since yesterday"}, np.arange(3),
        "dimension 'time': its times cannot be decoded (units='fortnights since yesterday': "
        "expected e.g. 'days since 1970-01-01')"),
    "times of no calendar": ({**DAYS, "calendar": "mayan"}, np.arange(3),
        "dimension 'time': its times cannot be decoded (calendar='mayan': expected one of "
        "standard, gregorian, proleptic_gregorian, julian, noleap, 365_day, all_leap, 366_day, "
        "360_day)"),
    "no time at all among times": (DAYS, np.full(3, np.nan),
        "time: no step has a valid time: write the time coordinate anew"),
}  # fmt: skip


def _refused(attrs: Mapping[str, Any], values: np.ndarray, message: str) -> Any:
    def make(folder: Path) -> Refused:
        data = numbers("f4", (len(values), *SHAPE))
        write(folder / "a.zarr", data, ("time", *MAP), {"time": (values, attrs)})
        return Refused(URL, message)

    return make


CASES = [Case(SECTION, name, make) for group in (TIMES, DIMENSIONS) for name, make in group.items()]
CASES += [Case(SECTION, name, _refused(*given)) for name, given in REFUSED.items()]
