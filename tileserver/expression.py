"""Band arithmetic from a request: an allow-listed tree with limits, never run as code.

The text is read by Python's own grammar and then only numbers, names of variables, the operators
and the functions below are let through; what is built from them are numpy operations on float64.

A value that is not there is NaN, and so is all that is worked out from it: a division by zero, the
logarithm of a negative number, an overflow. Truth is three-valued (Kleene): `a or b` holds where
one of them holds though the other is not there, and `where` looks only at the branch it takes.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from tileserver.errors import InvalidParameter

Floats = npt.NDArray[np.float64]
Arrays = Mapping[str, npt.NDArray[np.floating]]
Operation = Callable[..., Floats]

LONGEST_TEXT = 1000
MOST_NODES = 200
DEEPEST = 30
MOST_BANDS = 4
LARGEST_EXPONENT = 16.0
# Above this, float64 does not hold every integer, and bits mean nothing.
LARGEST_INTEGER = 2.0**53

_QUOTED = re.compile(r"`([^`]*)`")
# A number run into a word (`1if`, `0x1f`, `2j`, `1_000`), about which Python itself would warn.
_GLUED = re.compile(r"(?<![\w.])(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?\d++)?+(?=\w)")


def _bitwise(operation: Callable[..., npt.NDArray[np.int64]]) -> Operation:
    """An operation on the bits of whole numbers; NaN where an operand is none."""

    def on_floats(*operands: Floats) -> Floats:
        whole = np.logical_and.reduce(
            np.broadcast_arrays(
                *((x == np.rint(x)) & (np.abs(x) < LARGEST_INTEGER) for x in operands)
            )
        )
        integers = [np.where(whole, x, 0).astype(np.int64) for x in operands]
        return np.where(whole, operation(*integers), np.nan)

    return on_floats


def _compared(comparison: Callable[[Floats, Floats], npt.NDArray[np.bool_]]) -> Operation:
    def on_floats(a: Floats, b: Floats) -> Floats:
        return np.where(np.isnan(a) | np.isnan(b), np.nan, comparison(a, b))

    return on_floats


def _both(a: Floats, b: Floats) -> Floats:
    """Kleene's and: 0 where either is 0, else NaN where either is NaN, else 1."""
    unknown = np.isnan(a) | np.isnan(b)
    return np.where((a == 0) | (b == 0), 0.0, np.where(unknown, np.nan, 1.0))


def _either(a: Floats, b: Floats) -> Floats:
    """Kleene's or: 1 where either holds, else NaN where either is NaN, else 0."""
    unknown = np.isnan(a) | np.isnan(b)
    return np.where(_holds(a) | _holds(b), 1.0, np.where(unknown, np.nan, 0.0))


def _negated(a: Floats) -> Floats:
    return np.where(np.isnan(a), np.nan, a == 0)


def _holds(a: Floats) -> npt.NDArray[np.bool_]:
    holds: npt.NDArray[np.bool_] = (a != 0) & ~np.isnan(a)
    return holds


def _where(condition: Floats, a: Floats, b: Floats) -> Floats:
    return np.where(np.isnan(condition), np.nan, np.where(condition != 0, a, b))


def _clip(a: Floats, low: Floats, high: Floats) -> Floats:
    return np.minimum(np.maximum(a, low), high)


def _least(*operands: Floats) -> Floats:
    return reduce(np.minimum, operands)


def _greatest(*operands: Floats) -> Floats:
    return reduce(np.maximum, operands)


def _is_nan(a: Floats) -> Floats:
    return np.isnan(a).astype(np.float64)


_ARITHMETIC: dict[type[ast.AST], Operation] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
}
_BITWISE: dict[type[ast.AST], tuple[Operation, Operation]] = {  # of truths, of numbers
    ast.BitAnd: (_both, _bitwise(np.bitwise_and)),
    ast.BitOr: (_either, _bitwise(np.bitwise_or)),
}
_COMPARISONS: dict[type[ast.AST], Operation] = {
    ast.Lt: _compared(np.less),
    ast.LtE: _compared(np.less_equal),
    ast.Gt: _compared(np.greater),
    ast.GtE: _compared(np.greater_equal),
    ast.Eq: _compared(np.equal),
    ast.NotEq: _compared(np.not_equal),
}
_MANY = 1000
FUNCTIONS: dict[str, tuple[Operation, int, int]] = {  # with the least and most arguments
    "abs": (np.abs, 1, 1),
    "arccos": (np.arccos, 1, 1),
    "arcsin": (np.arcsin, 1, 1),
    "arctan": (np.arctan, 1, 1),
    "arctan2": (np.arctan2, 2, 2),
    "ceil": (np.ceil, 1, 1),
    "clip": (_clip, 3, 3),
    "cos": (np.cos, 1, 1),
    "exp": (np.exp, 1, 1),
    "floor": (np.floor, 1, 1),
    "isnan": (_is_nan, 1, 1),
    "log": (np.log, 1, 1),
    "log10": (np.log10, 1, 1),
    "log2": (np.log2, 1, 1),
    "max": (_greatest, 2, _MANY),
    "min": (_least, 2, _MANY),
    "round": (np.rint, 1, 1),
    "sin": (np.sin, 1, 1),
    "sqrt": (np.sqrt, 1, 1),
    "tan": (np.tan, 1, 1),
    "tanh": (np.tanh, 1, 1),
    "where": (_where, 3, 3),
}
CONSTANTS = {"nan": math.nan, "pi": math.pi}
ALLOWED = (
    "numbers, variables (in `backticks` where the name holds other signs than letters, digits, "
    "_ and .), + - * / // % **, comparisons, and or not & | ~, a if c else b, "
    f"{', '.join(sorted(FUNCTIONS))}, nan, pi; up to {MOST_BANDS} bands parted by ;"
)


@dataclass(frozen=True, slots=True)
class _Term:
    """A part of the tree: how to work it out, whether it is a truth value, whether a constant."""

    run: Callable[[Arrays], Floats]
    truth: bool = False
    constant: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """One to four bands worked out from variables.

    Args:
        key: the text with blanks evened out; equal keys mean equal results.
        names: ids of the variables, at least one.
    """

    key: str
    names: frozenset[str]
    _terms: tuple[_Term, ...]

    @classmethod
    def parse(cls, text: str) -> Expression:
        """The expression that a text says. Raises InvalidParameter naming `expression`."""
        if len(text) > LONGEST_TEXT:
            raise _refused(text, f"expected at most {LONGEST_TEXT} characters")
        parser = _Parser(text)
        terms = tuple(parser.band(part) for part in parser.parts())
        if not parser.names:
            raise _refused(text, "expected at least one variable")
        return cls(" ".join(text.split()), frozenset(parser.names), terms)

    @property
    def bands(self) -> int:
        """The number of bands: 1, or as many as there are parts between semicolons."""
        return len(self._terms)

    def evaluate(self, arrays: Arrays) -> Floats:
        """All bands (bands, …) of physical values (…), one array for each of `names`.

        Arrays are floating with NaN where a value is not valid, and of shapes that broadcast.
        The result is finite or NaN.
        """
        shape = np.broadcast_shapes(*(arrays[name].shape for name in self.names))
        out = np.empty((self.bands, *shape))
        with np.errstate(all="ignore"):  # what is not finite becomes NaN
            for band, term in zip(out, self._terms, strict=True):
                band[...] = term.run(arrays)
        return out


def _refused(text: str, remedy: str) -> InvalidParameter:
    return InvalidParameter("expression", text, remedy)


def _cleaned(operation: Operation, operands: Sequence[_Term]) -> Callable[[Arrays], Floats]:
    """The operation on operands, NaN where it is not finite, so that no step sees infinity."""

    def run(arrays: Arrays) -> Floats:
        result = np.asarray(operation(*(operand.run(arrays) for operand in operands)))
        return np.where(np.isfinite(result), result, np.nan)

    return run


def _literal(value: float) -> _Term:
    number = np.float64(value)
    return _Term(lambda arrays: np.asarray(number), constant=True)


class _Parser:
    """Turns one text into terms, collecting the names of variables."""

    def __init__(self, text: str) -> None:
        self.names: set[str] = set()
        self._text = text
        self._nodes = 0
        self._quoted: dict[str, str] = {}

    def parts(self) -> list[str]:
        """The texts of the bands, quoted names replaced by names that Python can read."""
        prefix = "quoted_"
        while prefix in self._text:
            prefix += "_"

        def placeholder(match: re.Match[str]) -> str:
            name = f"{prefix}{len(self._quoted)}"
            self._quoted[name] = match[1]
            return f" {name} "

        parts = [part.strip() for part in _QUOTED.sub(placeholder, self._text).split(";")]
        if parts[-1] == "" and len(parts) > 1:
            parts.pop()  # a semicolon at the end
        if len(parts) > MOST_BANDS:
            raise _refused(self._text, f"expected at most {MOST_BANDS} bands parted by ;")
        return parts

    def band(self, part: str) -> _Term:
        """The term of one band."""
        if _GLUED.search(part):
            raise _refused(
                self._text, "expected a decimal number such as 1.5 or 1e-3, then a blank"
            )
        try:
            tree = ast.parse(part, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise _refused(self._text, f"cannot be read; expected {ALLOWED}") from None
        self._measure(tree)
        return self._term(tree)

    def _measure(self, tree: ast.expr) -> None:
        """Refuses a tree that is too large, before anything recurses into it."""
        for depth in _depths(tree):
            self._nodes += 1
            if depth > DEEPEST or self._nodes > MOST_NODES:
                raise _refused(
                    self._text, f"expected at most {MOST_NODES} terms, nested {DEEPEST} deep"
                )

    def _term(self, node: ast.expr) -> _Term:
        match node:
            case ast.Constant():
                return self._number(node.value)
            case ast.Name() | ast.Attribute():
                return self._variable(self._name(node))
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp(op=op, values=values):
                logical = _both if isinstance(op, ast.And) else _either
                return reduce(
                    lambda a, b: self._apply(logical, [a, b], truth=True), self._all(values)
                )
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._apply(_where, self._all([test, body, orelse]))
            case ast.Call():
                return self._call(node)
        raise self._unknown(node)

    def _unknown(self, node: ast.AST) -> InvalidParameter:
        return _refused(self._text, f"holds {type(node).__name__}; expected only {ALLOWED}")

    def _all(self, nodes: Sequence[ast.expr]) -> list[_Term]:
        return [self._term(node) for node in nodes]

    def _apply(
        self, operation: Operation, operands: Sequence[_Term], *, truth: bool = False
    ) -> _Term:
        run = _cleaned(operation, operands)
        return _Term(run, truth, all(operand.constant for operand in operands))

    def _number(self, value: object) -> _Term:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refused(self._text, f"holds {type(value).__name__}; expected only {ALLOWED}")
        try:
            return _literal(float(value))
        except OverflowError:
            raise _refused(self._text, "expected numbers below 1.8e308") from None

    def _name(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return self._quoted.get(name, name)
            case ast.Attribute(value=value, attr=attr):
                return f"{self._name(value)}.{attr}"
        raise self._unknown(node)

    def _variable(self, name: str) -> _Term:
        if name in CONSTANTS and name not in self._quoted.values():
            return _literal(CONSTANTS[name])
        if name.strip() == "":
            raise _refused(self._text, "expected the name of a variable between backticks")
        self.names.add(name)
        return _Term(lambda arrays: arrays[name].astype(np.float64, copy=False))

    def _binary(self, node: ast.BinOp) -> _Term:
        operands = self._all([node.left, node.right])
        if type(node.op) in _BITWISE:
            logical, bitwise = _BITWISE[type(node.op)]
            truths = all(operand.truth for operand in operands)
            return self._apply(logical if truths else bitwise, operands, truth=truths)
        if type(node.op) not in _ARITHMETIC:
            raise self._unknown(node.op)
        if isinstance(node.op, ast.Pow):
            self._check_exponent(operands[1])
        return self._apply(_ARITHMETIC[type(node.op)], operands)

    def _check_exponent(self, exponent: _Term) -> None:
        with np.errstate(all="ignore"):
            value = abs(float(exponent.run({}))) if exponent.constant else math.nan
        if not value <= LARGEST_EXPONENT:
            raise _refused(
                self._text,
                f"expected exponents that are numbers from -{LARGEST_EXPONENT:g} "
                f"to {LARGEST_EXPONENT:g}; for others write exp(b * log(a))",
            )

    def _unary(self, node: ast.UnaryOp) -> _Term:
        operand = self._term(node.operand)
        if isinstance(node.op, ast.Not) or (isinstance(node.op, ast.Invert) and operand.truth):
            return self._apply(_negated, [operand], truth=True)
        if isinstance(node.op, ast.Invert):
            return self._apply(_bitwise(np.invert), [operand])
        return self._apply(np.negative if isinstance(node.op, ast.USub) else np.positive, [operand])

    def _comparison(self, node: ast.Compare) -> _Term:
        unknown = [op for op in node.ops if type(op) not in _COMPARISONS]
        if unknown:
            raise self._unknown(unknown[0])
        operands = self._all([node.left, *node.comparators])
        pairs = zip(node.ops, operands[:-1], operands[1:], strict=True)
        links = [self._apply(_COMPARISONS[type(op)], [a, b], truth=True) for op, a, b in pairs]
        return reduce(lambda a, b: self._apply(_both, [a, b], truth=True), links)

    def _call(self, node: ast.Call) -> _Term:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords:
            raise self._unknown(node)
        operation, least, most = FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            count = f"{least}" if least == most else f"at least {least}"
            raise _refused(self._text, f"expected {count} arguments of {name}()")
        return self._apply(operation, self._all(node.args), truth=name == "isnan")


def _depths(tree: ast.expr) -> Iterator[int]:
    """How deep each node lies, by a loop: a recursion is what has to be prevented."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, ast.expr):
            yield depth
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
