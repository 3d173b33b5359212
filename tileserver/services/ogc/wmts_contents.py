"""What datasets contribute to WMTS documents, kept: with all values of their dimensions where a
client can list them, else in brief, and with the less beside the more there are."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tileserver.dataset import Dataset
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.layer_info import layer_infos
from tileserver.services.ogc.wmts_layer import Detail, LayersText
from tileserver.services.ogc.wmts_matrix import matrix_set

log = logging.getLogger(__name__)

MOST_ENTRIES = 6000  # in the menus of QGIS, which take it a second; ten times as many two minutes
# Of the layers in a document of several datasets, so that it has less than a megabyte in all.
LARGEST_BYTES = 850_000
SMALLER: tuple[Detail, ...] = ("brief", "terse", "bare")
FEW_ENTRIES = 120  # of a dataset, so that there is room for it in most documents


def prepare(fragments: Fragments, dataset: Dataset) -> None:
    """Write what a dataset is likely to contribute before a document is asked for."""
    found = [_kept(fragments, dataset, detail) for detail in SMALLER]
    if found[0].entries <= FEW_ENTRIES:
        _whole(fragments, dataset, found[0])
    for tiles in found[0].matrix_sets:
        matrix_set(tiles)


def contents(fragments: Fragments, datasets: Sequence[Dataset]) -> list[LayersText]:
    """What each dataset contributes to a document of all of them.

    Those with few values list them all, as long as there is room: one long series takes nothing
    from the others. A document of several datasets that would be too large has less of each; that
    of one has it all.
    """
    found = _all(fragments, datasets, "brief")
    if len(datasets) == 1 or _nbytes(found) <= LARGEST_BYTES:
        return _with_values(fragments, datasets, found)
    terse = _all(fragments, datasets, "terse")
    return terse if _nbytes(terse) <= LARGEST_BYTES else _all(fragments, datasets, "bare")


def _with_values(
    fragments: Fragments, datasets: Sequence[Dataset], brief: Sequence[LayersText]
) -> list[LayersText]:
    found, room = list(brief), MOST_ENTRIES
    for number in sorted(range(len(found)), key=lambda n: found[n].entries):
        room -= found[number].entries
        if room < 0:
            break
        found[number] = _whole(fragments, datasets[number], found[number])
    return found


def _all(fragments: Fragments, datasets: Sequence[Dataset], detail: Detail) -> list[LayersText]:
    return [_kept(fragments, dataset, detail) for dataset in datasets]


def _nbytes(found: Sequence[LayersText]) -> int:
    return sum(each.nbytes for each in found)


def _whole(fragments: Fragments, dataset: Dataset, brief: LayersText) -> LayersText:
    return brief if brief.is_whole else _kept(fragments, dataset, "whole")


def _kept(fragments: Fragments, dataset: Dataset, detail: Detail) -> LayersText:
    return fragments.get(dataset, f"wmts {detail}", lambda it: _text(it, detail))


def _text(dataset: Dataset, detail: Detail) -> LayersText:
    try:
        return LayersText.of(layer_infos(dataset), detail)
    except Exception:  # one dataset's surprise must not hide the others
        log.exception("layers cannot be described", extra={"dataset": dataset.id})
        return LayersText.of(())
