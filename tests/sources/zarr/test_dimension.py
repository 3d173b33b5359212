"""Dimensions of Zarr stores: which is time, what its steps are, and all that is not time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from tileserver.errors import CatalogError, InvalidParameter

from .zarrs import numbers, opened, write

MAP = ("lat", "lon")
SHAPE = (20, 30)
DAYS = {"units": "days since 2024-01-01"}
REFERENCE = {**DAYS, "standard_name": "forecast_reference_time"}


def store(path: Path, coordinates: Mapping[str, Any], *, zarr_format: int = 3) -> Path:
    """A map with a dimension for each coordinate."""
    values = [v[0] if isinstance(v, tuple) else v for v in coordinates.values()]
    shape = (*(len(v) for v in values), *SHAPE)
    dims = (*coordinates, *MAP)
    return write(path, numbers("f4", shape), dims, coordinates=coordinates, zarr_format=zarr_format)


def only(path: Path) -> Any:
    """The cube's only dimension."""
    [found] = opened(path).cube.dimensions.values()
    return found


def beside(path: Path, name: str, values: Any, dims: tuple[str, ...], **attrs: Any) -> None:
    """One more array in a store."""
    data = np.asarray(values)
    array = zarr.open_group(path).create_array(name, data=data, dimension_names=dims)
    array.attrs.update(attrs)


@pytest.mark.parametrize("dtype", [str, "<U20", "S20"])
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.filterwarnings("ignore:The data type")
def test_times_as_texts(tmp_path, zarr_format, dtype):
    """ISO 8601 of any type of text; blank ones are no times."""
    path = store(tmp_path / "a", {"t": np.arange(4)}, zarr_format=zarr_format)
    group = zarr.open_group(path)
    del group["t"]
    names = {"dimension_names": ("t",)} if zarr_format == 3 else {}
    array = group.create_array("t", shape=(4,), dtype=dtype, **names)
    array.attrs["_ARRAY_DIMENSIONS"] = ["t"]
    texts = ["2024-01-01", "2024-01-02T12:00:00Z", "", "2024-01-03 06:00"]
    array[...] = np.array(texts).astype(np.dtype(dtype))
    found = only(path)
    assert found.name == "time"
    assert found.labels() == [
        "2024-01-01T00:00:00Z", "2024-01-02T12:00:00Z", "2024-01-03T06:00:00Z",
    ]  # fmt: skip


@pytest.mark.parametrize("unit", ["ns", "us", "s", "D"])
def test_times_of_numpy(tmp_path, unit):
    """datetime64 of any unit, as Zarr itself holds them."""
    last = "2200-06-01" if unit == "ns" else "2300-06-01"  # nanoseconds end in 2262
    times = np.array(["2024-01-01", "NaT", last], f"M8[{unit}]")
    axis = opened(store(tmp_path / "a", {"time": times})).cube.time
    assert axis.labels == ("2024-01-01T00:00:00Z", "", f"{last}T00:00:00Z")


def test_packed_times(tmp_path):
    """Scale, offset and fill value apply to times too, as xarray takes them."""
    attrs = {**DAYS, "scale_factor": 0.25, "add_offset": 1.0, "_FillValue": -1}
    path = store(tmp_path / "a", {"time": (np.array([0, 2, -1], "i2"), attrs)})
    axis = opened(path).cube.time
    assert axis.labels == ("2024-01-02T00:00:00Z", "2024-01-02T12:00:00Z", "")
    with xr.open_zarr(path, consolidated=False, chunks=None) as data:
        told = data.time.values
    assert np.isnat(told).tolist() == [False, False, True]
    assert [f"{t}Z" for t in np.datetime_as_string(told[:2], "s")] == list(axis.labels[:2])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_time_equal_to_the_fill_value_of_the_array(tmp_path, zarr_format):
    """Zarr's own fill value, 0 unless somebody says otherwise, hides no coordinate."""
    path = store(tmp_path / "a", {"time": (np.arange(3), DAYS)}, zarr_format=zarr_format)
    assert opened(path).cube.time.first == "2024-01-01T00:00:00Z"


def test_months_are_told_of(tmp_path):
    """They are stepped by the calendar, and the owner hears of it."""
    path = store(tmp_path / "a", {"time": (np.arange(3), {"units": "months since 2024-01-31"})})
    cube = opened(path).cube
    assert [label[:10] for label in cube.time.labels] == ["2024-01-31", "2024-02-29", "2024-03-31"]
    assert any("counted by the calendar: write days since" in w for w in cube.warnings)


@pytest.mark.parametrize(
    ("days", "labels", "note"),
    [
        ([3, 1, 2, 0], "1,2,3,4", None),
        ([3, 2, 1, 0], "1,2,3,4", None),
        ([0, 1, 1, 2], "1,2,3", "1 steps repeat a time, of which the first is served"),
        ([0, np.nan, 2, 2], "1,3", "1 steps have no time"),
    ],
)
def test_steps_in_any_order(tmp_path, days, labels, note):
    """Told ascending, found where they are stored; what cannot be asked for is told."""
    path = store(tmp_path / "a", {"time": (np.array(days, "f8"), DAYS)})
    cube = opened(path).cube
    told = cube.dimensions["time"].labels()
    assert ",".join(str(int(label[8:10])) for label in told) == labels
    for label in told:
        assert cube.time.find(label) == days.index(int(label[8:10]) - 1)
    if note:
        assert any(note in warning for warning in cube.warnings)


TYPICAL = [
    {"units": "days since 1960-01-01", "climatology": "climatology_bounds"},
    {"units": "days since 0000-01-01"},
    {"units": "days since 0001-01-01", "calendar": "noleap"},
]


@pytest.mark.parametrize("attrs", TYPICAL)
def test_typical_years(tmp_path, attrs):
    """Their default is the first step: none is the latest."""
    cube = opened(store(tmp_path / "a", {"time": (15 + 30 * np.arange(12), attrs)})).cube
    dimension = cube.dimensions["time"]
    assert dimension.label(dimension.default()) == cube.time.first
    assert cube.time.find("latest") == 11
    assert cube.time.find(cube.time.first) == 0


def test_months_of_a_year(tmp_path):
    """Climatologies by number or season are what they are."""
    cube = opened(
        store(
            tmp_path / "a",
            {"month": np.arange(1, 13), "season": np.array(["DJF", "MAM"], "<U3")},
            zarr_format=2,
        )
    ).cube
    month, season = cube.dimensions["month"], cube.dimensions["season"]
    assert (month.kind, month.labels(), month.default()) == ("number", list(range(1, 13)), 0)
    assert (season.kind, season.labels()) == ("text", ["DJF", "MAM"])
    assert cube.time is None


@pytest.mark.parametrize("calendar", ["none", ""])
def test_no_calendar(tmp_path, calendar):
    """Perpetual days have no date: they are numbers."""
    path = store(tmp_path / "a", {"time": (np.arange(3), {**DAYS, "calendar": calendar})})
    found = only(path)
    assert (found.kind, found.labels()) == ("number", [0, 1, 2])


def test_unknown_calendar(tmp_path):
    """It is told, with those that there are."""
    path = store(tmp_path / "a", {"time": (np.arange(3), {**DAYS, "calendar": "mayan"})})
    with pytest.raises(CatalogError, match=r"'time'.*calendar='mayan': expected one of standard"):
        opened(path)


def test_reference_time_and_valid_time(tmp_path):
    """`time` is the one that a forecast is for; the other stays a time under its own name."""
    path = store(
        tmp_path / "a",
        {
            "forecast_reference_time": (np.array([0, 1]), REFERENCE),
            "valid": (np.array([1, 2, 3]), {**DAYS, "standard_name": "time"}),
        },
    )
    cube = opened(path).cube
    assert cube.variables["a"].dims == ("forecast_reference_time", "time")
    other = cube.dimensions["forecast_reference_time"]
    assert (other.kind, other.size) == ("time", 2)
    assert other.find("2024-01-01T10:00") == 0
    assert other.find("latest") == other.default() == 1
    with pytest.raises(InvalidParameter, match=r"^forecast_reference_time=.*within 2024-01-01"):
        other.find("1999-01-01")


@pytest.mark.parametrize("name", ["init_time", "t", "Time"])
def test_the_only_time(tmp_path, name):
    """Whatever it is called, it is `time`."""
    assert only(store(tmp_path / "a", {name: (np.arange(3), DAYS)})).name == "time"


STEPS = {  # stored numbers, attributes; what they are
    "hours": ([0, 6, 12], {"units": "hours"}, [0, 6, 12], "hours", 3600.0),
    "nanoseconds": ([0, 6 * 3600 * 10**9], {"units": "nanoseconds"}, [0, 6], "hours", 3600.0),
    "half hours": ([0, 1800 * 10**9], {"units": "nanoseconds"}, [0, 30], "minutes", 60.0),
    "by xarray": (np.array([0, 90], "m8[m]").astype("m8[ns]"), None, [0, 90], "minutes", 60.0),
}


@pytest.mark.parametrize("kind", STEPS)
def test_steps_ahead(tmp_path, kind):
    """Times ahead are numbers of a unit that people read, as xarray writes them or by hand."""
    values, attrs, expected, units, unit_s = STEPS[kind]
    if attrs is None:
        data = xr.DataArray(
            numbers("f4", (1, len(values), *SHAPE)),
            {"time": np.array(["2024-01-01"], "M8[ns]"), "step": values,
             "lat": np.linspace(60, 40, 20), "lon": np.arange(30.0)},
            ("time", "step", *MAP),
        )  # fmt: skip
        data.to_dataset(name="a").to_zarr(tmp_path / "a", consolidated=False)
    else:
        steps = (np.array(values), {**attrs, "standard_name": "forecast_period"})
        store(tmp_path / "a", {"time": (np.array([0]), DAYS), "step": steps})
    step = opened(tmp_path / "a").cube.dimensions["step"]
    assert (step.labels(), step.units, step.unit_s) == (expected, units, unit_s)
    assert step.find(str(expected[1])) == 1


def test_the_time_of_all(tmp_path):
    """A scalar coordinate is the time of data without a time dimension."""
    path = store(tmp_path / "a", {})
    beside(path, "time", 3, (), **DAYS)
    cube = opened(path).cube
    assert cube.instant == "2024-01-04T00:00:00Z"
    assert cube.time.size == 1
    assert cube.variables["a"].dims == ()


def test_the_time_of_all_in_a_list_of_one(tmp_path):
    """So is a coordinate of one step that no variable has."""
    path = store(tmp_path / "a", {})
    beside(path, "time", [3], ("time",), **DAYS)
    assert opened(path).cube.instant == "2024-01-04T00:00:00Z"


@pytest.mark.parametrize("attrs", [{"units": "days since yesterday"}, {**DAYS, "_FillValue": 3}])
def test_a_time_of_all_that_is_none(tmp_path, attrs):
    """It harms nothing."""
    path = store(tmp_path / "a", {})
    beside(path, "time", 3, (), **attrs)
    assert opened(path).cube.time is None


def test_a_scalar_beside_a_time_dimension(tmp_path):
    """The dimension is the time."""
    path = store(tmp_path / "a", {"time": (np.arange(3), DAYS)})
    beside(path, "reftime", 3, (), **REFERENCE)
    cube = opened(path).cube
    assert cube.time.size == 3
    assert cube.instant is None


def test_times_of_another_name_than_their_dimension(tmp_path):
    """A dimension without a coordinate of its own has the times that lie along it."""
    path = write(tmp_path / "a", numbers("f4", (3, *SHAPE)), ("obs", *MAP))
    beside(path, "when", [0, 1, 2], ("obs",), **DAYS)
    cube = opened(path).cube
    assert cube.variables["a"].dims == ("time",)
    assert cube.time.last == "2024-01-03T00:00:00Z"


LEVELS = {  # stored values and attributes; labels, the default, what "15" finds
    "descending": ([30.0, 20.0, 10.0], {}, [30, 20, 10], 0, 1),
    "repeated": ([10.0, 10.0, 30.0], {}, [10, 10, 30], 0, 0),
    "missing": ([np.nan, 10.0, 20.0], {}, [None, 10, 20], 1, 1),
    "filled": ([-1, 10, 20], {"_FillValue": -1}, [None, 10, 20], 1, 1),
    "packed": ([0, 1, 2], {"scale_factor": 10.0, "add_offset": 5.0}, [5, 15, 25], 0, 1),
    "one": ([12.0], {}, [12], 0, 0),
}


@pytest.mark.parametrize("kind", LEVELS)
def test_numbers(tmp_path, kind):
    """In any order, with gaps, packed; the nearest is found, by name in units."""
    values, attrs, labels, default, found = LEVELS[kind]
    path = store(tmp_path / "a", {"depth": (np.array(values), {**attrs, "units": "m"})})
    depth = only(path)
    assert [None if v != v else v for v in depth.labels()] == labels
    assert depth.default() == default
    assert depth.find("15") == found
    assert depth.units == "m"
    with pytest.raises(InvalidParameter, match=r"^depth=.*one of .* m$"):
        depth.find("1e9" if kind != "one" else "x")


def test_numbers_of_truth_and_of_any_type(tmp_path):
    """Bools and small integers are numbers."""
    for name, values in {"b": np.array([False, True]), "i": np.array([3, 4], "i1")}.items():
        found = only(store(tmp_path / name, {"member": values}))
        assert found.kind == "number"
        assert found.labels() == [int(v) for v in values]


def test_coordinates_that_cannot_be_decoded(tmp_path):
    """They are told of."""
    path = store(tmp_path / "a", {"depth": (np.arange(3), {"scale_factor": "wide"})})
    with pytest.raises(CatalogError, match=r"'depth': its coordinates cannot be decoded"):
        opened(path)


def test_coordinates_in_tiny_chunks(tmp_path):
    """They are read, and the owner hears what that costs."""
    path = store(tmp_path / "a", {"time": (np.arange(1001), DAYS)})
    group = zarr.open_group(path)
    del group["time"]
    array = group.create_array(
        "time", shape=(1001,), chunks=(1,), dtype="i2", dimension_names=("time",)
    )
    array[...] = np.arange(1001)
    array.attrs.update(DAYS)
    cube = opened(path).cube
    assert cube.time.last == "2026-09-27T00:00:00Z"
    assert any("'time' lies in 1001 chunks" in warning for warning in cube.warnings)
