"""What datasets contribute to WMTS documents, kept: with all values of their dimensions where a
client can list them, else in brief."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from tileserver.catalog import Dataset
from tileserver.services.ogc.fragment import Fragments
from tileserver.services.ogc.layer_info import layer_infos
from tileserver.services.ogc.wmts_layer import LayersText
from tileserver.services.ogc.wmts_matrix import matrix_set

log = logging.getLogger(__name__)

MOST_ENTRIES = 6000  # in the menus of QGIS, which take it a second; ten times as many two minutes
FEW_ENTRIES = 120  # of a dataset, so that there is room for it in most documents


def prepare(fragments: Fragments, dataset: Dataset) -> None:
    """Write what a dataset is likely to contribute before a document is asked for."""
    brief = _brief(fragments, dataset)
    if brief.entries <= FEW_ENTRIES:
        _whole(fragments, dataset, brief)
    for tiles in brief.matrix_sets:
        matrix_set(tiles)


def contents(fragments: Fragments, datasets: Sequence[Dataset]) -> list[LayersText]:
    """What each dataset contributes to a document of all of them.

    Those with few values list them all, as long as there is room: one long series takes nothing
    from the others.
    """
    found = [_brief(fragments, dataset) for dataset in datasets]
    room = MOST_ENTRIES
    for number in sorted(range(len(found)), key=lambda n: found[n].entries):
        room -= found[number].entries
        if room < 0:
            break
        found[number] = _whole(fragments, datasets[number], found[number])
    return found


def _brief(fragments: Fragments, dataset: Dataset) -> LayersText:
    return fragments.get(dataset, "wmts brief", lambda it: _text(it, brief=True))


def _whole(fragments: Fragments, dataset: Dataset, brief: LayersText) -> LayersText:
    if brief.is_whole:
        return brief
    return fragments.get(dataset, "wmts", lambda it: _text(it, brief=False))


def _text(dataset: Dataset, *, brief: bool) -> LayersText:
    try:
        return LayersText.of(layer_infos(dataset), brief=brief)
    except Exception:  # one dataset's surprise must not hide the others
        log.exception("layers cannot be described", extra={"dataset": dataset.id})
        return LayersText.of(())
