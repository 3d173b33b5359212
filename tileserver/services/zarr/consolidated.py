"""All metadata of a group in one document, in the form in which zarr-python writes it."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from tileserver.sources.zarr.hierarchy import ARRAY, ATTRS, GROUP, Document, join

Documents = Mapping[str, Document]


def consolidated_v3(group: Document, members: tuple[Documents, Documents]) -> bytes:
    """The document of a group of Zarr 3 with those of its members in it.

    Args:
        members: the documents of arrays, and the attributes of all nodes, by path.
    """
    arrays, attrs = members
    groups = {
        path: {"zarr_format": 3, "node_type": "group", "attributes": found}
        for path, found in attrs.items()
        if path and path not in arrays
    }
    inline = {"kind": "inline", "must_understand": False, "metadata": {**groups, **arrays}}
    return orjson.dumps({**group, "consolidated_metadata": inline})


def consolidated_v2(arrays: Documents, attrs: Documents) -> bytes:
    """The `.zmetadata` of a group of Zarr 2."""
    entries: dict[str, Document] = {}
    for path, found in attrs.items():
        node = ARRAY if path in arrays else GROUP
        entries[join(path, node)] = arrays.get(path, {"zarr_format": 2})
        entries[join(path, ATTRS)] = found
    return orjson.dumps({"zarr_consolidated_format": 1, "metadata": entries})
