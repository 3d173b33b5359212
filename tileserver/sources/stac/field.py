"""Values of JSON documents that anybody may have written: of the kind that is expected, or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Json = Mapping[str, object]


def text(value: object) -> str | None:
    """A text, if it is one that says something."""
    return value if isinstance(value, str) and value.strip() else None


def mapping(value: object) -> Json:
    """An object; {} for all else."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> Sequence[object]:
    """An array; [] for all else."""
    return value if isinstance(value, list) else []


def numbers(value: object) -> list[float]:
    """An array of finite numbers; [] for all else."""
    found = [
        float(each)
        for each in sequence(value)
        if isinstance(each, int | float) and not isinstance(each, bool) and abs(each) < 1e15
    ]
    return found if len(found) == len(sequence(value)) else []
