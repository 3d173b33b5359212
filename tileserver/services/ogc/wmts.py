"""WMTS 1.0.0 (OGC 07-057r7): the capabilities document, from its parts.

What the clients need beyond the standard, found by running them:

- `OperationsMetadata` names KVP alone; REST is told by templates. With both, clients mix them.
- A template carries each dimension as a query parameter, since a period value holds slashes.
- A style's Title is its Identifier (eodash matches by title), and no style id is empty.
- WMTS is the default namespace, OWS has the prefix `ows`: QGIS reads tag names as spelt.
- No WellKnownScaleSet: some clients take it for more than the matrices that stand there.
- QGIS lists each value of a dimension with each style and matrix set: some thousands are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from tileserver.services.ogc.ows import OWS, OwsError
from tileserver.services.ogc.wmts_layer import INFO_FORMATS, TILE_FORMAT, LayersText
from tileserver.services.ogc.wmts_matrix import matrix_set
from tileserver.services.ogc.wmts_service import (
    OPERATIONS,
    VERSION,
    Service,
    identification,
    metadata_url,
    operations,
    provider,
)
from tileserver.services.ogc.xml import XLINK, document, element, leaf, placed

__all__ = [
    "INFO_FORMATS",
    "MEDIA_TYPES",
    "OPERATIONS",
    "SECTIONS",
    "TILE_FORMAT",
    "VERSION",
    "capabilities",
    "parse_formats",
    "parse_sections",
    "unchanged",
]

NAMESPACE = "http://www.opengis.net/wmts/1.0"
_LAYERS = "\ufdd1"  # stands for them, who are bytes already; like xml.BASE_URL in no text
MEDIA_TYPES = ("application/xml", "text/xml")  # of the document, the default first
SECTIONS = (
    "ServiceIdentification",
    "ServiceProvider",
    "OperationsMetadata",
    "Contents",
    "Themes",
)


def capabilities(
    service: Service, datasets: Sequence[LayersText], sections: Collection[str] = SECTIONS
) -> bytes:
    """The document, or the part of it that has the given sections."""
    written: dict[str, Callable[[], str]] = {
        "ServiceIdentification": lambda: identification(service),
        "ServiceProvider": lambda: provider(service),
        "OperationsMetadata": lambda: operations(service),
        "Contents": lambda: _contents(datasets),
        "Themes": lambda: _themes(datasets),
    }
    parts = [write() for name, write in written.items() if name in sections]
    if set(sections) >= set(SECTIONS):
        parts.append(metadata_url(service))
    body = document(_root(service.update_sequence, parts))
    body = body.replace(_LAYERS.encode(), b"".join(each.text for each in datasets))
    return placed(body, service.base_url)


def unchanged(update_sequence: str) -> bytes:
    """The answer to a client that has the document already: its root alone."""
    return document(_root(update_sequence, []))


def parse_sections(text: str | None) -> tuple[str, ...]:
    """The sections that a client asks for, in any case and order, as often as it likes; all of them
    where it names none."""
    if not text:
        return SECTIONS
    known = [name.lower() for name in SECTIONS]
    wanted = [name.strip().lower() for name in text.split(",")]
    if "all" in wanted:
        return SECTIONS
    unknown = next((name for name in wanted if name not in known), None)
    if unknown is not None:
        raise OwsError.invalid("sections", text, f"expected some of {', '.join(SECTIONS)} or All")
    return tuple(name for name in SECTIONS if name.lower() in wanted)


def parse_formats(text: str | None) -> str:
    """The media type of the document that a client likes most, of those that we have; ours where
    it has none of them (OGC 06-121r3, 7.3.2)."""
    wanted = [name.partition(";")[0].strip().lower() for name in (text or "").split(",")]
    return next((name for name in wanted if name in MEDIA_TYPES), MEDIA_TYPES[0])


def _root(update_sequence: str, parts: Iterable[str]) -> str:
    return element(
        "Capabilities",
        parts,
        {
            "xmlns": NAMESPACE,
            "xmlns:ows": OWS,
            "xmlns:xlink": XLINK,
            "version": VERSION,
            "updateSequence": update_sequence,
        },
    )


def _contents(datasets: Sequence[LayersText]) -> str:
    used = dict.fromkeys(tiles for each in datasets for tiles in each.matrix_sets)
    return element("Contents", [_LAYERS, *map(matrix_set, used)])


def _themes(datasets: Sequence[LayersText]) -> str:
    """The themes in a tree; nothing where no dataset has one."""
    themed = [(each.theme, each.ids) for each in datasets if each.theme]
    return element("Themes", _below((), themed)) if themed else ""


Themed = Sequence[tuple[tuple[str, ...], tuple[str, ...]]]


def _below(parents: tuple[str, ...], themed: Themed) -> Iterator[str]:
    """The themes in one, whose names are its parents' and its own, and the layers in them."""
    depth = len(parents)
    for name in dict.fromkeys(theme[depth] for theme, _ in themed if len(theme) > depth):
        path = (*parents, name)
        inner = [(theme, ids) for theme, ids in themed if theme[: depth + 1] == path]
        own = [layer for theme, ids in inner if theme == path for layer in ids]
        parts = [
            leaf("ows:Title", name),
            leaf("ows:Identifier", "/".join(path)),
            *_below(path, inner),
            *(leaf("LayerRef", layer) for layer in own),
        ]
        yield element("Theme", parts)
