"""What is wrong with a catalogue's text: where it stands, in which key, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pydantic
import yaml

# Of libyaml where it is there: ten thousand datasets are read in a second instead of ten.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_STYLES = 100  # to choose from, of a layer or in a set: documents list them for every layer

# In place of pydantic's words, which speak of Python.
REMEDIES = {
    "extra_forbidden": "no such key: see docs/configuration.md",
    "missing": "it is missing, but needed",
    "string_pattern_mismatch": "expected letters, digits and . _ - after a letter or digit",
    "string_too_short": "it is empty: leave it out, or write something",
    "string_too_long": "it is too long: say it shorter",
    "string_type": "expected text: quote it",
    "bool_parsing": "expected true or false",
    "bool_type": "expected true or false",
    "dict_type": "expected keys with values",
    "tuple_type": "expected a list",
    "too_long": f"these are too many: expected at most {MOST_STYLES}",
    "literal_error": "expected one of the words that docs/configuration.md lists",
    "model_type": "expected keys with values",
    "mapping_type": "expected keys with values",
}


def located(name: str, found: Lines, error: pydantic.ValidationError) -> str:
    """The first few problems, each with its line and key."""
    return "\n".join(
        f"{name}:{found.of(location)}: {key or '(the file)'}: {remedy}"
        for key, location, remedy in problems(error)
    )


def problems(error: pydantic.ValidationError) -> Iterator[tuple[str, list[int | str], str]]:
    """The first few: key, the way to it, and what to do."""
    for problem in error.errors(include_url=False)[:5]:
        location = [part for part in problem["loc"] if not str(part).startswith("tuple[")]
        remedy = REMEDIES.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
        yield ".".join(map(str, location)), location, remedy


def parsed(text: str) -> object:
    try:
        return yaml.load(text, Loader=LOADER)
    except yaml.YAMLError:
        return yaml.safe_load(text)  # which says better where it goes wrong


class Lines:
    """Where things stand in a text, which is looked into only when something is wrong."""

    def __init__(self, text: str) -> None:
        self._text = text

    def of(self, location: Sequence[int | str]) -> int:
        """The line of the deepest node on the way to a location."""
        node = yaml.compose(self._text, Loader=LOADER)
        for part in location:
            found: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                found = next((v for k, v in node.value if k.value == str(part)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                found = node.value[part] if part < len(node.value) else None
            if found is None:
                break
            node = found
        return node.start_mark.line + 1 if node is not None else 1
