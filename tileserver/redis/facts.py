"""What is known of datasets at all servers of one Redis: what is in them, and how new it is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import orjson

from tileserver import __version__
from tileserver.redis.link import Link, Reply, Unavailable
from tileserver.redis.script import RAISE
from tileserver.redis.shelf import PREFIX, closed, opened

Facts = Mapping[str, Any]

GENERATIONS = f"{PREFIX}:generations"  # a hash: of each dataset that was opened anew for all
MOST_BYTES = 1 << 16
FUTURE_NS = 60 * 10**9  # clocks of servers may differ so much


class FactShelf:
    """Facts by the identity of a dataset's entry in the catalogue. Raises nothing.

    Args:
        age_s: for how long they are kept.
    """

    def __init__(self, link: Link, *, age_s: float) -> None:
        self._link, self._age_ms = link, max(1, int(age_s * 1000))

    async def remember(self, identity: str, facts: Facts) -> None:
        """Keep what is known of a dataset."""
        text = orjson.dumps(facts)
        if len(text) <= MOST_BYTES:
            await _quietly(
                self._link, "SET", _key(identity), closed(identity, text), "PX", self._age_ms
            )

    async def recall(self, identities: Sequence[str]) -> list[Facts | None]:
        """What is known of each."""
        found = await _quietly(self._link, "MGET", *map(_key, identities))
        if not isinstance(found, list) or len(found) != len(identities):
            return [None] * len(identities)
        return [_facts(identity, each) for identity, each in zip(identities, found, strict=True)]


class Generations:
    """Which datasets were to be opened anew, and when, by their ids. Raises nothing.

    They are no secret, small, and never old: a server that starts must not take what was kept of
    data that were written in place for what they are now.
    """

    def __init__(self, link: Link) -> None:
        self._link = link

    async def known(self) -> dict[str, int]:
        """As all servers have told."""
        found = await _quietly(self._link, "HGETALL", GENERATIONS)
        return dict(_generations(found)) if isinstance(found, dict) else {}

    async def tell(self, generations: Mapping[str, int]) -> None:
        """Have all servers follow."""
        try:
            pairs: chain[str | int] = chain.from_iterable(generations.items())
            await self._link.run(RAISE, [GENERATIONS], *pairs)
        except Unavailable:
            return


def _generations(found: dict[bytes, bytes]) -> Iterator[tuple[str, int]]:
    latest = time.time_ns() + FUTURE_NS
    for dataset, generation in found.items():
        if generation.isdigit() and int(generation) <= latest:
            yield dataset.decode(errors="replace"), int(generation)


def _key(identity: str) -> str:
    # What is told of a dataset may change with the version.
    return f"{PREFIX}:facts:{__version__}:{identity}"


def _facts(identity: str, found: Reply) -> Facts | None:
    if not isinstance(found, bytes):
        return None
    text = opened(identity, found)
    facts = None if text is None else orjson.loads(text)
    return facts if isinstance(facts, dict) else None


async def _quietly(link: Link, *words: str | bytes | int) -> Reply:
    try:
        return await link.ask(*words)
    except Unavailable:
        return None
