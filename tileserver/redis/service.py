"""All that a worker has from Redis."""

from __future__ import annotations

from dataclasses import dataclass

from tileserver.bucket import LocalBuckets
from tileserver.errors import CatalogError
from tileserver.redis.buckets import RedisBuckets
from tileserver.redis.facts import FactShelf, Generations
from tileserver.redis.link import Link
from tileserver.redis.shelf import Shelf

RANGE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Redis:
    """What servers share there. Belongs to one event loop.

    Args:
        tiles: encoded pictures by ETag.
        ranges: default ranges of layers.
        facts: what listings tell of datasets.
        generations: of those that were opened anew.
    """

    link: Link
    tiles: Shelf
    ranges: Shelf
    facts: FactShelf
    generations: Generations

    @classmethod
    async def open(cls, url: str, *, tiles_s: float, facts_s: float, most_bytes: int) -> Redis:
        """Try to reach it; whether that succeeds or not, it is kept being tried.

        Raises CatalogError for a URL that cannot be one.

        Args:
            tiles_s, facts_s: for how long encoded pictures, and what is known of data, are kept.
            most_bytes: larger pictures are not shared.
        """
        try:
            link = Link(url)
        except ValueError as error:
            raise CatalogError(f"redis: {error}") from None
        await link.open()
        return cls(
            link,
            Shelf(link, "tile", age_s=tiles_s, most_bytes=most_bytes),
            Shelf(link, "range", age_s=facts_s, most_bytes=RANGE_BYTES),
            FactShelf(link, age_s=facts_s),
            Generations(link),
        )

    def buckets(self, local: LocalBuckets) -> RedisBuckets:
        """The buckets that clients have at all servers together.

        Args:
            local: for while there is no Redis.
        """
        return RedisBuckets(self.link, local)

    async def close(self) -> None:
        """Finish what goes on, and part from it."""
        await self.tiles.close()
        await self.ranges.close()
        await self.link.close()
