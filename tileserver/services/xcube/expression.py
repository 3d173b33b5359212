"""What expressions may be made of, as the xcube viewer wants to be told."""

from __future__ import annotations

from typing import Any

from tileserver.dataset import Dataset
from tileserver.expression import CONSTANTS
from tileserver.layer import EXPRESSION, find_layer
from tileserver.operation import FUNCTIONS

ARGUMENTS = ("X", "Y", "Z")
OPERATORS = (
    *("-X", "~X", "X + Y", "X - Y", "X * Y", "X / Y", "X // Y", "X % Y", "X ** Y", "X & Y"),
    *("X | Y", "X == Y", "X != Y", "X < Y", "X <= Y", "X > Y", "X >= Y"),
    *("X and Y", "X or Y", "not X", "X if C else Y"),
)


def capabilities() -> dict[str, Any]:
    """Constants, functions and operators."""
    return {
        "namespace": {
            "constants": sorted(CONSTANTS),
            "arrayFunctions": [
                f"{name}({','.join(ARGUMENTS[:least])})"
                for name, (_, least, _) in sorted(FUNCTIONS.items())
            ],
            "otherFunctions": [],
            "arrayOperators": list(OPERATORS),
            "otherOperators": [],
        }
    }


def check(dataset: Dataset, text: str) -> None:
    """That an expression can be worked out. Raises InvalidParameter."""
    find_layer(dataset, EXPRESSION, text)
