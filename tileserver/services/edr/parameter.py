"""Parameters as EDR and CoverageJSON tell them: what is observed, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tileserver.cube import Variable
from tileserver.dataset import Dataset
from tileserver.layer import find_layer

Json = dict[str, Any]
STANDARD_NAMES = "http://vocab.nerc.ac.uk/standard_name/"
_STANDARD_NAME = re.compile("[a-z][a-z0-9_]*", re.ASCII)


def plain(text: str) -> str:
    """A text as EDR has it."""
    return text


def english(text: str) -> Json:
    """A text as CoverageJSON has it, by language."""
    return {"en": text}


def told(dataset: Dataset, name: str, base: str, form: Callable[[str], Any], **more: Any) -> Json:
    """One parameter, whose texts are told in a form."""
    layer = find_layer(dataset, name)
    variable = layer.variables[0]
    observed: Json = {"id": _observed(dataset, variable, base), "label": form(layer.title)}
    found: Json = {"type": "Parameter", "description": form(layer.title), **more}
    if layer.flags:
        observed["categories"] = [
            {"id": f"{flag.value:g}", "label": form(flag.label)} for flag in layer.flags
        ]
    elif layer.units:
        found["unit"] = {"label": form(layer.units), "symbol": layer.units}
    return found | {"observedProperty": observed}


def is_category(dataset: Dataset, name: str) -> bool:
    """Whether a parameter's numbers stand for classes."""
    return bool(find_layer(dataset, name).flags)


def _observed(dataset: Dataset, variable: Variable, base: str) -> str:
    """The address of what is observed: of CF where it names it, else of the dataset here."""
    known = variable.attrs.get("standard_name")
    if isinstance(known, str) and _STANDARD_NAME.fullmatch(known):
        return f"{STANDARD_NAMES}{known}/"
    return f"{base}/datasets/{dataset.id}#{variable.id}"
