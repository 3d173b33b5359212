"""What `manifest.json` tells of copies of a dataset that are laid out for other ways of reading.

    seasfire.zarr                      the source
    seasfire.optimized/
        manifest.json                  which copies there are, and of what: written last
        overviews-4f1a….zarr           coarser levels of its variables
        time-series-4f1a…/0.zarr, …    its finest level, chunked along time, some steps each

What a manifest names is never changed but for steps that are added behind those that it counts, so
that its one object being replaced publishes all at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

import orjson

from tileserver.axis import Axis
from tileserver.cube import TIME, Cube, Variable
from tileserver.errors import CatalogError
from tileserver.grid import Grid

NAME = "manifest.json"
FORMAT = 1
FOLDER_SUFFIX = ".optimized"
WILDCARDS = "*?["


@dataclass(frozen=True, slots=True)
class Reduced:
    """The overviews of a variable.

    Args:
        state: `state_of` the variable whose cells they sum up.
        method: how: mean, nearest, mode, min or max.
        factors: of each level, cells of the finest along y and x.
        low, high: of the physical values of the finest level; None where there are none.
        partial: of each level the most cells of a map that stand for some of the finest that have
            a value and for some that have none; empty where that is not known.
    """

    state: str
    method: str
    factors: tuple[tuple[int, int], ...]
    low: float | None = None
    high: float | None = None
    partial: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Overviews:
    """A store of coarser levels: groups `1`, `2`, … with an array for each variable.

    Args:
        store: its folder, beside the manifest.
        version: of the source when the last of them were made.
        steps: how many along the stored time dimension are there; None without one.
    """

    store: str
    version: str
    steps: int | None
    variables: Mapping[str, Reduced] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """A store of the finest level, chunked along time, with the steps from start to stop."""

    store: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Copies of the finest level that follow one another in time.

    Args:
        version: of the source when the last of them was made.
        variables: `state_of` each one.
    """

    segments: tuple[Segment, ...]
    version: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many along the stored time dimension are there."""
        return self.segments[-1].stop if self.segments else 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """All copies of a dataset.

    Args:
        source: the last part of its URL.
        group: in it.
    """

    source: str
    group: str
    overviews: Overviews | None = None
    time_series: TimeSeries | None = None

    def to_json(self) -> bytes:
        """For the store; equal manifests are equal bytes."""
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
        return orjson.dumps({"format": FORMAT, **asdict(self)}, option=options)

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Manifest:
        """Raises CatalogError for what is none, or of a newer kind."""
        try:
            told = orjson.loads(data)
            if told["format"] != FORMAT:
                raise CatalogError(f"{NAME}: format {told['format']}: this server knows {FORMAT}")
            return cls(
                source=str(told["source"]),
                group=str(told["group"]),
                overviews=_overviews(told["overviews"]),
                time_series=_time_series(told["time_series"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise CatalogError(f"{NAME}: it is damaged: run tileserver optimize anew") from error


def _overviews(told: Mapping[str, object] | None) -> Overviews | None:
    if told is None:
        return None
    variables = {name: _reduced(each) for name, each in _mapping(told["variables"]).items()}
    steps = told["steps"]
    counted = None if steps is None else _count(steps)
    return Overviews(_name(told["store"]), str(told["version"]), counted, variables)


def _reduced(told: object) -> Reduced:
    known = _mapping(told)
    factors, counts = known["factors"], known.get("partial", [])
    if not isinstance(factors, list) or not isinstance(counts, list):
        raise TypeError(factors)
    low, high = (None if known[k] is None else float(str(known[k])) for k in ("low", "high"))
    pairs = tuple((_count(y), _count(x)) for y, x in factors)
    partial = tuple(map(_count, counts))
    if partial and len(partial) != len(pairs):
        raise ValueError(partial)
    return Reduced(str(known["state"]), str(known["method"]), pairs, low, high, partial)


def _time_series(told: Mapping[str, object] | None) -> TimeSeries | None:
    if told is None:
        return None
    listed = told["segments"]
    if not isinstance(listed, list):
        raise TypeError(listed)
    segments = tuple(
        Segment(_name(each["store"]), _count(each["start"]), _count(each["stop"]))
        for each in listed
    )
    ends = [0, *(segment.stop for segment in segments)]
    if any(s.start != end or s.stop <= s.start for s, end in zip(segments, ends, strict=False)):
        raise ValueError("segments do not follow one another")
    states = {name: str(state) for name, state in _mapping(told["variables"]).items()}
    return TimeSeries(segments, str(told["version"]), states)


def _mapping(told: object) -> Mapping[str, object]:
    if not isinstance(told, dict):
        raise TypeError(told)
    return told


def _count(told: object) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or told < 0:
        raise TypeError(told)
    return told


def _name(told: object) -> str:
    """A path below the manifest's folder."""
    if not isinstance(told, str) or not told or told.startswith("/") or ".." in told.split("/"):
        raise ValueError(told)
    return told


def folder_of(url: str, group: str = "") -> str:
    """Where the copies of a dataset lie unless the catalogue says otherwise: beside its source.

    >>> folder_of("s3://cubes/seasfire.zarr")
    's3://cubes/seasfire.optimized'
    >>> folder_of("ndvi/2024/*.tif")
    'ndvi/2024.optimized'
    """
    stem = url.rstrip("/")
    if any(c in stem for c in WILDCARDS):
        parts = stem.split("/")
        fixed = next(n for n, part in enumerate(parts) if any(c in part for c in WILDCARDS))
        stem = "/".join(parts[:fixed])
    else:
        name = urlsplit(stem).path.rpartition("/")[2]
        suffix = name.rpartition(".")[2] if "." in name else ""
        stem = stem.removesuffix(f".{suffix}") if suffix else stem
    inside = group.strip("/").replace("/", ".")
    return f"{stem}.{inside}{FOLDER_SUFFIX}" if inside else f"{stem}{FOLDER_SUFFIX}"


def state_of(cube: Cube, variable: Variable, steps: int | None) -> str:
    """What a copy of a variable's first steps relies on, as far as metadata tell.

    It stays the same where steps are added behind.
    """
    level = variable.levels[0]
    sizes = dict(zip(variable.dims, level.shape, strict=False))
    parts = [variable.id, variable.dtype.str, repr(variable.packing), place_of(level.grid)]
    for name in variable.dims:
        dimension = cube.dimensions[name]
        if name == TIME and cube.time is not None:
            seconds = cube.time.seconds[:steps].astype("<f8").tobytes()
            parts.append(f"{name} {cube.time.calendar} {hashlib.blake2b(seconds).hexdigest()}")
        else:
            parts.append(f"{name} {sizes[name]} {dimension.labels()!r}")
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=12).hexdigest()


def place_of(grid: Grid) -> str:
    """Where a grid's cells lie, the same in every process."""
    return f"{grid.crs.srs} {_axis(grid.y)} {_axis(grid.x)}"


def _axis(axis: Axis) -> str:
    if axis.edges is None:
        return f"{axis.start!r} {axis.step!r} {axis.size}"
    return hashlib.blake2b(axis.edges.astype("<f8").tobytes(), digest_size=12).hexdigest()
