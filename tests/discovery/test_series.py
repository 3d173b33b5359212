"""Files whose names differ by a time alone are one stack, which finds exactly them."""

import re

import pytest

from tileserver.discovery.series import Series, series_of
from tileserver.sources.tiff.filetime import glob_expression, parse_time


def times_of(series: Series, keys: list[str]) -> dict[str, float]:
    """The files that a series stands for, each with its time, as opening a stack finds them."""
    assert series.time_pattern is not None
    glob, pattern = re.compile(glob_expression(series.glob)), re.compile(series.time_pattern)
    found = {}
    for key in keys:
        if glob.fullmatch(key):
            match = pattern.search(key)
            assert match is not None, key
            found[key] = parse_time(match["time"])
    return found


@pytest.mark.parametrize(
    ("members", "name", "first"),
    [
        (["ndvi_20200101.tif", "ndvi_20200102.tif"], "ndvi_", "2020-01-01"),
        (["2020/01/ndvi_20200131.tif", "2021/02/ndvi_20210201.tif"], "ndvi_", "2020-01-31"),
        (["2020/01/31/red.tif", "2020/02/01/red.tif"], "red", "2020-01-31"),
        (["day_20200131/red.tif", "day_20200201/red.tif"], "day_/red", "2020-01-31"),
        (["a/x_2020-01-01T1030.tif", "a/x_2020-01-01T1040.tif"], "a/x_", "2020-01-01T10:30"),
        (["tas_185001-185912.nc", "tas_186001-186912.nc"], "tas_-", "1850-01"),
        (["N5_20200101T101031_v20210101.tif", "N5_20200111T101031_v20210203.tif"], "N5__v",
         "2020-01-01T10:10:31"),
        (["c.2020001.tif", "c.2020366.tif"], "c.", "2020-01-01"),
        (["1/y2019.tif", "1/y2020.tif"], "y", "2019"),
    ],
)  # fmt: skip
def test_names_that_differ_by_a_time(members: list[str], name: str, first: str) -> None:
    """They are one, whatever else lies beside them; the first of several times counts."""
    others = ["ndvi_mask0001.tif", "a/x_2020-01-01T1030_qa.tif", "readme.tif", "3/y2020.tif"]
    found = [each for each in series_of([*members, *others]) if each.time_pattern]
    assert [each.name for each in found] == [name]
    times = times_of(found[0], [*members, *others])
    assert sorted(times) == sorted(members)
    assert times[members[0]] == parse_time(first)
    assert len(set(times.values())) == len(members)


def test_files_that_are_alone() -> None:
    """Numbers that are no times make no stack, nor does a time that there is once."""
    keys = ["x_1024.tif", "x_4096.tif", "n45e007.tif", "y_20201301.tif", "z_20200101.tif"]
    assert series_of(keys) == [Series(key, None, key.removesuffix(".tif")) for key in keys]


def test_wildcards_in_names() -> None:
    """What a url would take for a pattern cannot be named, and is left out."""
    assert series_of(["a[1].tif", "b?.tif", "c*.tif"]) == []
