"""Band arithmetic from a request: an allow-listed tree with limits, never run as code.

The text is read by Python's own grammar and then only numbers, names of variables, the operators
and the functions below are let through; what is built from them are numpy operations on float64.

A value that is not there is NaN, and so is all that is worked out from it: a division by zero, the
logarithm of a negative number, an overflow.
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
from tileserver.operation import (
    FUNCTIONS,
    TRUTHS,
    Floats,
    Operation,
    bitwise,
    both,
    choose,
    compared,
    either,
    negated,
)

Arrays = Mapping[str, npt.NDArray[np.floating]]

LONGEST_TEXT = 1000
MOST_NODES = 200
DEEPEST = 30
MOST_BANDS = 4
LARGEST_EXPONENT = 16.0

_QUOTED = re.compile(r"`([^`]*)`")
# A number run into a word (`1if`, `0x1f`, `2j`, `1_000`), about which Python itself would warn.
_GLUED = re.compile(r"(?<![\w.])(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?\d++)?+(?=\w)")


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
    ast.BitAnd: (both, bitwise(np.bitwise_and)),
    ast.BitOr: (either, bitwise(np.bitwise_or)),
}
_COMPARISONS: dict[type[ast.AST], Operation] = {
    ast.Lt: compared(np.less),
    ast.LtE: compared(np.less_equal),
    ast.Gt: compared(np.greater),
    ast.GtE: compared(np.greater_equal),
    ast.Eq: compared(np.equal),
    ast.NotEq: compared(np.not_equal),
}
CONSTANTS = {"nan": math.nan, "pi": math.pi}
ALLOWED = (
    "numbers, variables (in `backticks` where the name holds other signs than letters, digits, "
    "_ and .), + - * / // % **, comparisons, in (…), and or not & | ~, a if c else b, "
    f"{', '.join(sorted(FUNCTIONS))}, nan, pi; up to {MOST_BANDS} bands parted by ;"
)


@dataclass(frozen=True, slots=True)
class _Term:
    """A part of the tree: how to work it out, whether it is a truth value, whether a constant;
    the name of the variable that it is."""

    run: Callable[[Arrays], Floats]
    truth: bool = False
    constant: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """One to four bands worked out from variables.

    Args:
        key: the text with blanks evened out; equal keys mean equal results.
        names: ids of the variables, at least one.
        classes: those of them that are asked for single values or bits, as classes are: between
            two of their values there is none.
    """

    key: str
    names: frozenset[str]
    classes: frozenset[str]
    _terms: tuple[_Term, ...]

    @classmethod
    def parse(cls, text: str, identify: Callable[[str], str] = str) -> Expression:
        """The expression that a text says. Raises InvalidParameter naming `expression`.

        Args:
            identify: the id of the variable that a name means.
        """
        if len(text) > LONGEST_TEXT:
            raise _refused(text, f"expected at most {LONGEST_TEXT} characters")
        parser = _Parser(text, identify)
        terms = tuple(parser.band(part) for part in parser.parts())
        if not parser.names:
            raise _refused(text, "expected at least one variable")
        known = frozenset(parser.names), frozenset(parser.classes)
        return cls(" ".join(text.split()), *known, terms)

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

    def __init__(self, text: str, identify: Callable[[str], str]) -> None:
        self._identify = identify
        self.names: set[str] = set()
        self.classes: set[str] = set()
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
                logical = both if isinstance(op, ast.And) else either
                return reduce(
                    lambda a, b: self._apply(logical, [a, b], truth=True), self._all(values)
                )
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._apply(choose, self._all([test, body, orelse]))
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
        key = self._identify(name)
        self.names.add(key)
        return _Term(lambda arrays: arrays[key].astype(np.float64, copy=False), name=key)

    def _binary(self, node: ast.BinOp) -> _Term:
        operands = self._all([node.left, node.right])
        if type(node.op) in _BITWISE:
            logical, bitwise = _BITWISE[type(node.op)]
            truths = all(operand.truth for operand in operands)
            self._note_classes(operands)
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
            return self._apply(negated, [operand], truth=True)
        if isinstance(node.op, ast.Invert):
            return self._apply(bitwise(np.invert), [operand])
        return self._apply(np.negative if isinstance(node.op, ast.USub) else np.positive, [operand])

    def _note_classes(self, operands: Sequence[_Term]) -> None:
        self.classes.update(term.name for term in operands if term.name is not None)

    def _comparison(self, node: ast.Compare) -> _Term:
        operands: list[_Term | None] = [self._term(node.left)]
        links = []
        for op, right in zip(node.ops, node.comparators, strict=True):
            left = operands[-1]
            if left is None:
                raise _refused(self._text, "expected nothing to be compared with a list")
            if isinstance(op, (ast.In, ast.NotIn)):
                links.append(self._membership(left, right, within=isinstance(op, ast.In)))
                operands.append(None)
                continue
            if type(op) not in _COMPARISONS:
                raise self._unknown(op)
            term = self._term(right)
            if isinstance(op, (ast.Eq, ast.NotEq)):
                self._note_classes([left, term])
            links.append(self._apply(_COMPARISONS[type(op)], [left, term], truth=True))
            operands.append(term)
        return reduce(lambda a, b: self._apply(both, [a, b], truth=True), links)

    def _membership(self, left: _Term, right: ast.expr, *, within: bool) -> _Term:
        """Whether a value is one of a list."""
        if not isinstance(right, (ast.Tuple, ast.List, ast.Set)) or not right.elts:
            raise _refused(self._text, "expected a list such as (4, 5) after in")
        self._note_classes([left])
        equal = _COMPARISONS[ast.Eq]
        found = reduce(
            lambda a, b: self._apply(either, [a, b], truth=True),
            [self._apply(equal, [left, term], truth=True) for term in self._all(right.elts)],
        )
        return found if within else self._apply(negated, [found], truth=True)

    def _call(self, node: ast.Call) -> _Term:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS or node.keywords:
            raise self._unknown(node)
        operation, least, most = FUNCTIONS[name]
        if not least <= len(node.args) <= most:
            count = f"{least}" if least == most else f"at least {least}"
            raise _refused(self._text, f"expected {count} arguments of {name}()")
        operands = self._all(node.args)
        if name == "bit":
            self._note_classes(operands[:1])
        return self._apply(operation, operands, truth=name in TRUTHS)


def _depths(tree: ast.expr) -> Iterator[int]:
    """How deep each node lies, by a loop: a recursion is what has to be prevented."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, ast.expr):
            yield depth
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
