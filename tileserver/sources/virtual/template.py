"""Templates in Kerchunk references of version 1: `{{name}}`, calls, arithmetic, generated keys.

The specification has them be Jinja; here they are what its examples show: names, numbers, texts,
`+ - * // / %` of numbers, and templates that are called with named texts.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Any

from tileserver.errors import CatalogError, shown

MOST_GENERATED = 2_000_000
LARGEST_NUMBER = 1 << 63
LONGEST_TEXT = 10_000
DEEPEST = 8

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}

Value = int | float | str
Names = Mapping[str, Value]


def expand(text: str, names: Names, depth: int = 0) -> str:
    """The text with its placeholders filled in. Raises CatalogError."""
    if "{{" not in text:
        return text
    if depth > DEEPEST or len(text) > LONGEST_TEXT:
        raise _unread(text)
    return _PLACEHOLDER.sub(lambda found: _told(found[1], names, depth), text)


def generated(entry: Mapping[str, Any], names: Names) -> Iterator[tuple[str, list[Any]]]:
    """Keys and references of one entry of `gen`. Raises CatalogError."""
    spans = {str(name): _span(each) for name, each in dict(entry["dimensions"]).items()}
    count = 1
    for span in spans.values():
        count *= len(span)
    if count > MOST_GENERATED:
        raise CatalogError(
            f"gen: more than {MOST_GENERATED} references are not generated: write them out"
        )
    has_part = "offset" in entry
    for values in product(*spans.values()):
        own = {**names, **dict(zip(spans, values, strict=True))}
        reference: list[Any] = [expand(str(entry["url"]), own)]
        if has_part:
            reference += [_whole(entry["offset"], own), _whole(entry["length"], own)]
        yield expand(str(entry["key"]), own), reference


def _span(told: Any) -> list[Value] | range:
    if isinstance(told, list):
        return told
    try:
        return range(int(told.get("start", 0)), int(told["stop"]), int(told.get("step", 1)))
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise CatalogError("gen: dimensions need lists, or start, stop and step") from error


def _whole(told: Any, names: Names) -> int:
    try:
        return int(told) if isinstance(told, int) else int(float(expand(str(told), names)))
    except ValueError as error:
        raise _unread(str(told)) from error


def _told(expression: str, names: Names, depth: int) -> str:
    try:
        node = ast.parse(expression.strip(), mode="eval").body
        value = _value(node, names, depth)
    except (SyntaxError, ValueError, TypeError, KeyError, RecursionError, ArithmeticError) as error:
        raise _unread(expression) from error
    return str(value)


def _value(node: ast.expr, names: Names, depth: int) -> Value:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str):
        return node.value
    if isinstance(node, ast.Name):
        value = names[node.id]
        return expand(value, names, depth + 1) if isinstance(value, str) else value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
        given = {each.arg: _value(each.value, names, depth + 1) for each in node.keywords}
        own = {name: value for name, value in given.items() if name is not None}
        return expand(str(names[node.func.id]), {**names, **own}, depth + 1)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = (_value(each, names, depth) for each in (node.left, node.right))
        if isinstance(left, str) or isinstance(right, str):
            raise TypeError("texts are not reckoned with")
        found = _OPERATORS[type(node.op)](left, right)
        if abs(found) >= LARGEST_NUMBER:
            raise ValueError("the number is too large")
        return found  # type: ignore[no-any-return]
    raise ValueError("it is no name, number, call or sum")


def _unread(text: str) -> CatalogError:
    return CatalogError(f"the template {shown(text)!r} is not read: write the references out")
