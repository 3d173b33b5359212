"""Dimensions in WMTS: the values that a document lists and the one that a request means.

A client lists every value in its menus, and QGIS hangs on 20 000 of them. Beyond 1000 steps the
document names one instant and then each regular stretch of the axis as `start/end/period`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from tileserver.cube import TIME, Dimension
from tileserver.errors import InvalidParameter
from tileserver.services.ogc import period
from tileserver.timeaxis import NotAnInstant, TimeAxis

LONGEST_LIST = 1000
DAY_S = 86400

SAME = 1e-6  # relative to a number, how near it another is the same, as Dimension.find has it

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The coordinate that a request is answered with; `nearest` if it asked for another one."""

    label: str
    nearest: bool = False


def listed_values(dimension: Dimension, longest: int = LONGEST_LIST) -> list[str]:
    """What a document lists: the coordinates, or where they are too many, what stands for them."""
    if isinstance(dimension.values, TimeAxis) and dimension.size > longest:
        return [dimension.values.first, *periods(dimension.values, longest)]
    labels = _labels(dimension)
    if len(labels) <= longest:
        return labels
    # Any other coordinate can be asked for too; these are spread over all of them.
    return [labels[i] for i in np.linspace(0, len(labels) - 1, longest).astype(int)]


def choose(dimension: Dimension, text: str | None) -> Chosen:
    """The coordinate for a request's text; the default where it names none.

    A literal `{time}` is a template that a client left unfilled: QGIS does so to identify.

    Raises:
        InvalidParameter: the text is no coordinate, or lies outside the axis.
    """
    axis = dimension.values
    word = (text or "").strip().casefold()
    is_named = isinstance(axis, tuple) and text in axis
    names = (dimension.name, TIME if dimension.kind == "time" else dimension.name)
    unfilled = [f"{{{name}}}".casefold() for name in names]
    if not is_named and word in ("", "default", *unfilled):
        return Chosen(dimension.label(dimension.default()))
    assert text is not None
    if isinstance(axis, TimeAxis):
        return _choose_time(axis, dimension.name, text)
    index = dimension.find(text)
    return Chosen(dimension.label(index), nearest=not _names(axis, text, index))


def _choose_time(axis: TimeAxis, name: str, text: str) -> Chosen:
    if text.strip().lower() in ("current", "latest"):
        return Chosen(axis.label(axis.default))
    try:
        if "/" in text:
            return _within(axis, name, text)
        fitted = period.fitted(text, axis.calendar)
    except NotAnInstant:
        fitted = text  # the axis says what is wrong with it
    step = axis.find(fitted, name=name)
    return Chosen(axis.label(step), nearest=fitted != text or not axis.is_step(fitted, step))


def _within(axis: TimeAxis, name: str, text: str) -> Chosen:
    """The latest step of a period; where it lies between two of them, the nearest to its start."""
    remedy = f"expected start/end, either may be a duration such as P1M, within {axis.span}"
    try:
        start, end = period.parse_period(text, axis.calendar)
        steps = axis.between(start, end)
        if len(steps):
            return Chosen(axis.label(int(steps[-1])))
        return Chosen(axis.label(axis.find(start or end or "")), nearest=True)
    except (NotAnInstant, InvalidParameter):
        raise InvalidParameter(name, text, remedy) from None


def _names(values: Floats | tuple[str, ...], text: str, index: int) -> bool:
    """Whether a text is that coordinate rather than one near it."""
    if isinstance(values, tuple):
        return True  # texts are found to the letter
    return abs(float(text) - float(values[index])) <= SAME * max(1.0, abs(float(text)))


def _labels(dimension: Dimension) -> list[str]:
    if isinstance(dimension.values, TimeAxis):
        return dimension.values.texts(dimension.values.order)
    known: Sequence[int] = range(dimension.size)
    if isinstance(dimension.values, np.ndarray):  # of a gap among numbers nobody can ask
        known = [i for i in known if np.isfinite(dimension.values[i])] or known[:1]
    return list(dict.fromkeys(map(dimension.label, known)))


def periods(axis: TimeAxis, longest: int = LONGEST_LIST) -> list[str]:
    """`start/end/period` of each regular stretch, or of the whole axis where it has too many."""
    seconds, steps = _steps(axis)
    stretches = list(islice(_stretches(steps), longest))
    if len(stretches) >= longest:
        return [f"{axis.first}/{axis.last}/{_typical(np.diff(seconds))}"]
    ends = [axis.texts(axis.order[[each[i] for each in stretches]]) for i in (0, 1)]
    return [
        start if start == end else f"{start}/{end}/{_period(step)}"
        for start, end, (_, _, step) in zip(*ends, stretches, strict=True)
    ]


def regular_period(axis: TimeAxis) -> str | None:
    """The ISO 8601 period from each instant to the next, if it is the same for all."""
    _, steps = _steps(axis)
    return _period(int(steps[0])) if len(steps) and (steps == steps[0]).all() else None


def _steps(axis: TimeAxis) -> tuple[Integers, Integers]:
    """The instants in seconds (n,), and from each to the next (n - 1,) seconds, or minus the months
    where they are whole."""
    seconds = np.rint(axis.seconds[axis.order]).astype(np.int64)
    months, rests = axis.months()
    whole = np.rint(rests[1:]) == np.rint(rests[:-1])
    return seconds, np.where(whole, -np.diff(months), np.diff(seconds))


def _stretches(steps: Integers) -> Iterator[tuple[int, int, int]]:
    """First index, last index and step of runs of equal steps; each instant is in one run."""
    changes = np.append(np.flatnonzero(np.diff(steps)) + 1, len(steps))
    first = 0
    while first < len(steps):
        last = int(changes[np.searchsorted(changes, first, side="right")])
        yield first, last, int(steps[first])
        first = last + 1
    if first == len(steps):
        yield first, first, 0


def _typical(steps: Integers) -> str:
    """The median step as an ISO 8601 period, a month or a year where it is about that long."""
    median = int(np.median(steps))
    if 28 * DAY_S <= median <= 31 * DAY_S:
        return "P1M"
    return "P1Y" if 360 * DAY_S <= median <= 366 * DAY_S else _period(median)


def _period(step: int) -> str:
    """An ISO 8601 period of seconds, or of minus months."""
    if step < 0:
        years, months = divmod(-step, 12)
        return f"P{-step}M" if months else f"P{years}Y"
    days, rest = divmod(step, DAY_S)
    hours, minutes, seconds = rest // 3600, rest // 60 % 60, rest % 60
    clock = "".join(f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n)
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
