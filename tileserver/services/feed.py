"""What is told of a dataset to those who follow it: how it is now, and what has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import orjson

from tileserver.cube import Cube
from tileserver.dataset import Dataset, Entry
from tileserver.services.layout import layouts

Kind = Literal["ready", "changed", "trouble", "gone"]


@dataclass(frozen=True, slots=True)
class State:
    """A dataset at one moment, as it is told.

    `steps` and `last` are those of its axis of time, 0 and None without one. `mark` is equal for
    equal states in all workers.
    """

    told: Mapping[str, Any]
    is_open: bool
    steps: int
    last: str | None
    mark: str


@dataclass(frozen=True, slots=True)
class News:
    """An event: its kind, the mark of the state that it tells, and the document."""

    kind: Kind
    mark: str
    document: Mapping[str, Any]


def state_of(entry: Entry) -> State:
    """How a dataset is now, if it is open, else why not."""
    dataset = entry.dataset
    if dataset is None:
        return _state(entry.config.id, None, entry.error or "it is not open")
    return _state(dataset.id, dataset, entry.trouble)


def first(state: State) -> News:
    """What is told at the beginning."""
    return News("trouble" if "detail" in state.told else "ready", state.mark, state.told)


def news(before: State | None, now: State) -> News:
    """What is told of another state than before.

    `added` are the steps behind those that were there, null where the axis does not begin as it
    did, and where what was before is not known.
    """
    if not now.is_open or (before is not None and _version(before) == _version(now)):
        return first(now)
    return News("changed", now.mark, {**now.told, "added": _added(before, now)})


def gone(before: State) -> News:
    """The last that is told of a dataset that is no longer there for who listens."""
    return News("gone", "gone", {"dataset": before.told["dataset"]})


def _state(dataset_id: str, dataset: Dataset | None, trouble: str | None) -> State:
    told: dict[str, Any] = {"dataset": dataset_id, "version": None}
    steps, last = 0, None
    if dataset is not None:
        cube = dataset.source.cube
        told |= {"version": dataset.version, "time": _span(cube), "layouts": layouts(cube)}
        if cube.time is not None:
            steps, last = cube.time.size, cube.time.last
    if trouble:
        told["detail"] = trouble
    mark = blake2b(orjson.dumps([told.get("version"), trouble]), digest_size=8).hexdigest()
    return State(told, dataset is not None, steps, last, mark)


def _span(cube: Cube) -> dict[str, Any] | None:
    if cube.time is None:
        return None
    return {"start": cube.time.first, "end": cube.time.last, "count": cube.time.size}


def _version(state: State) -> object:
    return state.told["version"]


def _added(before: State | None, now: State) -> dict[str, Any] | None:
    """The steps that came, if all that were there are still the first."""
    if before is None or not before.is_open or before.last is None or now.last is None:
        return None
    count = now.steps - before.steps
    return {"after": before.last, "end": now.last, "count": count} if count > 0 else None
