"""Documents against the schemas of STAC: its core, as pystac ships it, and the extensions.

No package ships the extensions' schemas: they are looked for in a folder, `STAC_SCHEMAS`, by the
names of the extensions; without it only the core is checked.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pyproj
import pystac
import pytest
from pystac.validation import validate_dict
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

FOLDER = os.environ.get("STAC_SCHEMAS")
CORE = Path(pystac.__file__).parent / "validation" / "jsonschemas"
PROJJSON = "https://proj.org/schemas/v0.7/projjson.schema.json"


@cache
def _known() -> dict[str, Any]:
    files = list(CORE.rglob("*.json")) + list(Path(FOLDER or "/nowhere").glob("*.json"))
    found = {each["$id"].rstrip("#"): each for f in files if "$id" in (each := _read(f))}
    return found | {PROJJSON: _read(Path(pyproj.datadir.get_data_dir()) / "projjson.schema.json")}


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _retrieve(uri: str) -> Resource[Any]:
    return Resource.from_contents(_known()[uri.rstrip("#")], default_specification=DRAFT7)


def check_core(document: dict[str, Any]) -> None:
    """Raises where a catalogue, collection or item is none."""
    validate_dict(document, extensions=[])


def check_extensions(document: dict[str, Any]) -> None:
    """The same for each extension that it names; skips without their schemas."""
    if FOLDER is None:
        pytest.skip("STAC_SCHEMAS names no folder with the schemas of extensions")
    registry: Registry[Any] = Registry(retrieve=_retrieve)
    for uri in document.get("stac_extensions", []):
        jsonschema.Draft7Validator(_known()[uri], registry=registry).validate(document)
