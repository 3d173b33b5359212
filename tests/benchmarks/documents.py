"""Capabilities of 500 datasets: how long they take against a client's reading of them, and how
large they are. Run by `python -m tests.benchmarks.documents`.

What changes between the first two lines is who has written what each dataset contributes: the
request itself, or the server while it opened the datasets.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from lxml import etree

from tests.conformance.wmts_catalogs import many
from tileserver.cache import ByteCache
from tileserver.http import caching
from tileserver.services.ogc import wmts
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.wmts_contents import contents, prepare
from tileserver.services.ogc.wmts_service import Service

ROUNDS = 7
MOST_READING = 1.0  # of the time that a client takes to read it the document is made within


def seconds(work: Callable[[], object]) -> float:
    """The median of some rounds."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return median(taken)


def main() -> bool:
    """Whether the bar holds; prints the figures."""
    catalog = many()(ByteCache(1 << 20, lambda raw: raw.nbytes), ThreadPoolExecutor(1))
    datasets, fragments = catalog.ready(), Fragments()
    service = Service(catalog.service, "https://tiles.example", "/wmts", "1.0")
    begun = time.perf_counter()
    for dataset in datasets:
        prepare(fragments, dataset)
    ahead = time.perf_counter() - begun

    def make() -> bytes:
        return wmts.capabilities(service, contents(fragments, datasets))

    document = make()
    small = caching.compress(document)
    made = seconds(lambda: caching.compress(make()))
    read = seconds(lambda: etree.fromstring(document))
    print(f"written ahead, as the datasets are opened: {ahead * 1e3:.0f} ms")
    print(f"put together and compressed: {made * 1e3:.1f} ms, {made / read:.2f} of lxml's reading")
    print(f"size: {len(document) / 1e6:.2f} MB, compressed {len(small) / 1e6:.2f} MB")
    return made <= MOST_READING * read


if __name__ == "__main__":
    raise SystemExit(not main())
