"""Registering many datasets at once: each by itself, so that one that fails harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal

from tileserver.config import DatasetConfig
from tileserver.dataset import Entry
from tileserver.discovery.found import LONGEST_ID, Found
from tileserver.errors import TileserverError

AT_ONCE = 8
WITHIN_S = 40.0

Status = Literal["found", "known", "registered", "failed"]
Document = Mapping[str, Any]
Place = tuple[str, str | None]  # a url and its storage's name


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a dataset.

    Args:
        document: its entry; of one that is known by another id, with that.
        error: why it failed, or was not tried.
    """

    document: Document
    status: Status
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """What is done with each dataset; a step that is None is left out.

    Args:
        make: its entry. Raises TileserverError where it may not be registered.
        open: sees whether it can be opened. Raises TileserverError.
        put: registers it. Raises TileserverError.
    """

    make: Callable[[Document], Entry]
    open: Callable[[Entry], Awaitable[object]] | None
    put: Callable[[Document], Awaitable[object]] | None


def document_of(
    found: Found, storage: str | None = None, prefix: str = "", defaults: Document | None = None
) -> dict[str, Any]:
    """The entry of a dataset that was found.

    Args:
        prefix: of its id.
        defaults: keys of entries that all get.
    """
    own = {
        "id": f"{prefix}{found.id}"[:LONGEST_ID].rstrip("-._"),
        "url": found.url,
        "storage": storage,
        "time_pattern": found.time_pattern,
    }
    document = {"title": found.title, **(defaults or {})} | own
    return {key: value for key, value in document.items() if value is not None}


def places_of(configs: Iterable[DatasetConfig]) -> dict[Place, str]:
    """The ids of datasets by where they lie."""
    return {
        (config.url, config.storage): config.id for config in configs if isinstance(config.url, str)
    }


async def register_all(
    documents: Sequence[Document],
    steps: Steps,
    known: Mapping[Place, str],
    within_s: float = WITHIN_S,
    told: Callable[[], object] = lambda: None,
) -> list[Outcome]:
    """What becomes of each, in their order; what lies where a known dataset does is left as it is.

    Args:
        within_s: what has not begun by then is left for another time.
        told: called after each.
    """
    slots, until = asyncio.Semaphore(AT_ONCE), monotonic() + within_s

    async def one(document: Document) -> Outcome:
        async with slots:
            outcome = await _one(document, steps, known, is_late=monotonic() > until)
            told()
            return outcome

    return await asyncio.gather(*map(one, documents))


async def _one(
    document: Document, steps: Steps, known: Mapping[Place, str], *, is_late: bool
) -> Outcome:
    id = known.get((str(document["url"]), document.get("storage")))
    if id is not None:
        return Outcome({**document, "id": id}, "known")
    try:
        entry = steps.make(document)
        if steps.put is None:
            return Outcome(document, "found")
        if is_late:
            return Outcome(document, "found", "it takes too long: ask again, which goes on")
        if steps.open is not None:
            await steps.open(entry)
        await steps.put(document)
    except TileserverError as error:
        return Outcome(document, "failed", str(error))
    return Outcome(document, "registered")
