"""The parts of a job: some features at some steps, each worked out by itself, here or elsewhere.

A part follows from its description alone: whoever works it out, its bytes are the same. Parts end
where chunks do, so that few chunks are read for two of them.
"""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tileserver.axis import Floats
from tileserver.config import DatasetConfig
from tileserver.cube import Raw
from tileserver.dataset import Dataset, make_dataset
from tileserver.errors import PayloadTooLarge
from tileserver.geometry import Feature
from tileserver.jobs.near import Inline, shared
from tileserver.jobs.order import Order, feature_of, names_of, shape_of
from tileserver.plan import ReadPlan
from tileserver.scale.reading import State
from tileserver.services.featureseries import by_feature, collected
from tileserver.services.seriesrequest import Request, chunk_steps, estimate, layout_of, parts_of
from tileserver.services.timeseries import series

PART_BYTES = 256 << 20  # decoded, that a part reads of sources, about
ENOUGH_PARTS, MOST_PARTS = 64, 4096  # one of so many is little to do twice
SMALL_BYTES = 4 << 20  # read and summed up in milliseconds: nothing to cut further
NUMBER_BYTES = 8
WORKING_BYTES = 40  # of a cell at a step, while it is summed up
KEPT = 4

Shapes = tuple[bytes, ...]

_lock = threading.Lock()
_prepared: OrderedDict[tuple[str, int], Request] = OrderedDict()


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What all parts of a job have in common.

    Args:
        key: unlike that of all other jobs, and of this job on another state of the dataset.
        config: the dataset's entry in the catalogue.
    """

    key: str
    order: Order
    config: DatasetConfig
    state: State

    def dataset(self) -> Dataset:
        """The dataset, open in this process. Raises CatalogError, SourceError."""
        return make_dataset(self.config, self.state.source)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some features at some steps.

    Args:
        number: among the job's parts.
        group: of features that stand together.
        names: of the numbers that are told.
        steps: of those that the job tells of.
    """

    subject: Subject
    number: int
    group: int
    shapes: Shapes
    names: tuple[str, ...]
    steps: slice


@dataclass(frozen=True, slots=True)
class Group:
    """Features that are read together.

    Args:
        numbers: of features of the job.
        edges: where parts end along the job's steps, 0 and their number included.
    """

    numbers: tuple[int, ...]
    edges: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a job is cut.

    Args:
        read_bytes: of the source, decoded.
        steps: how many are told of each feature.
    """

    groups: tuple[Group, ...]
    read_bytes: int
    steps: int

    @property
    def slices(self) -> list[tuple[int, slice]]:
        """For each part the number of its group, and its steps."""
        return [
            (number, slice(first, last))
            for number, group in enumerate(self.groups)
            for first, last in zip(group.edges[:-1], group.edges[1:], strict=True)
        ]


def plan(order: Order, dataset: Dataset, features: Sequence[Feature]) -> Layout:
    """Cut a job. Pure, not for the loop. Raises what `Order.resolve` does."""
    groups: list[Group] = []
    nbytes, steps = 0, 0
    for numbers, request in _fitting(order, dataset, features, range(len(features))):
        nbytes += estimate(request)
        steps = len(request.steps)
        groups += _cut(request, numbers)
    return Layout(tuple(groups), nbytes, steps)


def parts(subject: Subject, layout: Layout, features: Sequence[Feature]) -> list[Part]:
    """The parts of a job, in their order."""
    names = names_of(subject.order, features)
    shapes = [tuple(shape_of(features[n]) for n in group.numbers) for group in layout.groups]
    return [
        Part(subject, number, group, shapes[group], names, steps)
        for number, (group, steps) in enumerate(layout.slices)
    ]


def work_out(part: Part) -> tuple[int, bytes]:
    """A part's number, and its float64 numbers (features, names, steps), NaN where there are none.

    Raises CatalogError where the dataset is not what it was when the job began, SourceError.
    """
    request = _request(part)
    own = replace(request, steps=request.steps[part.steps], times=request.times[part.steps])
    return part.number, asyncio.run(_values(own, part)).tobytes()


async def _values(request: Request, part: Part) -> Floats:
    async def read(plan: ReadPlan) -> Raw:
        return await asyncio.wrap_future(part.subject.state.begin(plan))

    out = np.full((len(request.targets), len(part.names), len(request.steps)), np.nan)
    if request.is_along or all(target.is_point for target in request.targets):
        every = by_feature(read, request, pool=Inline())
        found = [each async for some in every for each in some]
    else:
        near = await shared(read, request)
        found = await collected(request, series(near, request, pool=Inline()))
    for each in found:
        for name, numbers in each.values.items():
            out[each.number, part.names.index(name)] = numbers
    return out


def _request(part: Part) -> Request:
    """What a part's features read at all steps; weighing them is done once in a process."""
    key = (part.subject.key, part.group)
    with _lock:
        known = _prepared.get(key)
        if known is None:
            features = [feature_of(shape) for shape in part.shapes]
            known = part.subject.order.resolve(part.subject.dataset(), features)
            _prepared[key] = known
            while len(_prepared) > KEPT:
                _prepared.popitem(last=False)
        return known


def _fitting(
    order: Order, dataset: Dataset, features: Sequence[Feature], numbers: Sequence[int]
) -> Iterator[tuple[Sequence[int], Request]]:
    """The features, in as many requests as their cells need."""
    try:
        request = order.resolve(dataset, [features[n] for n in numbers])
    except PayloadTooLarge:
        if len(numbers) == 1:
            raise
    else:
        yield numbers, request
        return
    half = len(numbers) // 2
    for some in (numbers[:half], numbers[half:]):
        yield from _fitting(order, dataset, features, some)


def _cut(request: Request, numbers: Sequence[int]) -> list[Group]:
    """Groups that lie in chunks of their own, as many as their steps do not make parts enough."""
    wanted = _wanted(request)
    ends = _ends(request)
    edges = ends[
        np.unique(np.linspace(0, len(ends) - 1, min(wanted, len(ends) - 1) + 1, dtype=int))
    ]
    runs = _runs(request, -(-wanted // (len(edges) - 1)))
    return [Group(tuple(numbers[n] for n in run), tuple(edges.tolist())) for run in runs]


def _wanted(request: Request) -> int:
    """How many parts are worth while."""
    cells = sum(t.weights.parts.size for t in request.targets if t.weights is not None)
    nbytes = estimate(request)
    effort = nbytes + cells * len(request.steps) * WORKING_BYTES
    fine = min(ENOUGH_PARTS, -(-effort // SMALL_BYTES))
    return min(MOST_PARTS, max(1, fine, -(-nbytes // PART_BYTES)))


def _ends(request: Request) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Where chunks end along the steps."""
    windows = (t.weights for t in request.targets if t.weights is not None)
    level_parts = parts_of(request, next(windows, None))
    chunk = max((chunk_steps(part, request.selection.time) for part in level_parts), default=1)
    inner = np.flatnonzero(np.diff(request.steps // chunk)) + 1
    return np.concatenate([[0], inner, [len(request.steps)]]).astype(np.intp)


def _runs(request: Request, most: int) -> list[list[int]]:
    """The targets in at most so many runs, those that begin in one chunk together."""
    high, wide = layout_of(request).chunks[-2:]
    places: dict[tuple[int, int], list[int]] = {}
    for number, target in enumerate(request.targets):
        weights = target.weights
        at = (
            (-1, -1)
            if weights is None
            else (weights.rows.start // high, weights.cols.start // wide)
        )
        places.setdefault(at, []).append(number)
    size = -(-len(request.targets) // most)
    runs: list[list[int]] = [[]]
    for at in sorted(places):
        if runs[-1] and len(runs[-1]) + len(places[at]) > size and len(runs) < most:
            runs.append([])
        runs[-1] += places[at]
    return runs
