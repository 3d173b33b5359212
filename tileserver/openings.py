"""What is kept of datasets when they are opened, for when they are not."""

from __future__ import annotations

from concurrent.futures import Executor

from tileserver.catalog import Catalog
from tileserver.dataset import Dataset, Entry
from tileserver.http.ogc import wms_document
from tileserver.replicas import Replicas, identity
from tileserver.services import describe
from tileserver.services.ogc import wmts_contents
from tileserver.services.ogc.fragment import Fragments
from tileserver.summaries import Summaries

MANY_DATASETS = 50  # whose documents take longer to write than clients like to wait


def follow_openings(
    catalog: Catalog,
    pool: Executor,
    summaries: Summaries,
    fragments: Fragments,
    replicas: Replicas | None,
) -> None:
    """Keep what listings tell of datasets when they are opened, and tell what was known before."""
    _remember(catalog, summaries)
    written = fragments if len(catalog.entries) >= MANY_DATASETS else None

    def opened(dataset: Dataset) -> None:
        entry = catalog.entries.get(dataset.id)
        if entry is not None:
            pool.submit(_note_opened, entry, dataset, summaries, written, replicas)

    catalog.opened = opened


def _remember(catalog: Catalog, summaries: Summaries) -> None:
    """Tell of datasets what was known of them in an earlier run."""
    for dataset, (of, facts) in summaries.all().items():
        entry = catalog.entries.get(dataset)
        if entry is not None and of == identity(entry):
            entry.known = facts


def _note_opened(
    entry: Entry,
    dataset: Dataset,
    summaries: Summaries,
    fragments: Fragments | None,
    replicas: Replicas | None,
) -> None:
    """Keep what listings tell of a dataset that was opened, and write what it contributes to
    documents before they are asked for."""
    told = describe.facts(dataset)
    if told != entry.known:
        entry.known = told
        summaries.put(dataset.id, identity(entry), told)
        if replicas is not None:
            replicas.tell(entry, told)
    if fragments is not None:
        _prepare(fragments, dataset)


def _prepare(fragments: Fragments, dataset: Dataset) -> None:
    for document in (wmts_contents, wms_document):
        document.prepare(fragments, dataset)
