"""Expressions: numpy's results on what is allowed, a 400 on all else."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tileserver.errors import InvalidParameter
from tileserver.expression import DEEPEST, FUNCTIONS, LONGEST_TEXT, Expression

NAN = np.nan
A = np.array([[1.0, 2.0, 0.0], [-3.0, NAN, 8.0]])
B = np.array([[4.0, -2.0, 0.0], [5.0, 6.0, NAN]])


def value(text: str) -> np.ndarray:
    """The only band of an expression of a and b."""
    return Expression.parse(text).evaluate({"a": A, "b": B})[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b", A + B),
        ("a - b * 2", A - B * 2),
        ("-a + +b", B - A),
        ("a // 2 + a % 2", A // 2 + A % 2),
        ("a ** 2 + a ** (1 + 1)", 2 * A**2),
        ("abs(a) ** -0.5 * 0 + abs(a)", np.where(A == 0, NAN, abs(A))),
        ("clip(a, -1, 1)", np.clip(A, -1, 1)),
        ("min(a, b, 3)", np.minimum(np.minimum(A, B), 3)),
        ("max(a, b)", np.maximum(A, B)),
        (
            "arctan2(a, b) + sin(a) + cos(b) + tan(a)",
            np.arctan2(A, B) + np.sin(A) + np.cos(B) + np.tan(A),
        ),
        (
            "floor(a / 3) + ceil(b / 3) + round(a / 3)",
            np.floor(A / 3) + np.ceil(B / 3) + np.rint(A / 3),
        ),
        ("exp(a) * pi", np.exp(A) * np.pi),
    ],
)
def test_arithmetic_is_numpys(text: str, expected: np.ndarray) -> None:
    """Operators and functions give what numpy gives, NaN where an input is not there."""
    np.testing.assert_allclose(value(text), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a / (b - b)", [[NAN, NAN, NAN], [NAN, NAN, NAN]]),
        ("a / 0 > 1", [[NAN, NAN, NAN], [NAN, NAN, NAN]]),
        ("log(a)", [[0, np.log(2), NAN], [NAN, NAN, np.log(8)]]),
        ("log10(a) * 0 + sqrt(a) * 0", [[0, 0, NAN], [NAN, NAN, 0]]),
        ("exp(a * 1000)", [[NAN, NAN, 1], [0, NAN, NAN]]),
        ("a % 0", [[NAN, NAN, NAN], [NAN, NAN, NAN]]),
    ],
)
def test_what_is_not_finite_is_nodata(text: str, expected: list[list[float]]) -> None:
    """Division by zero, logarithms of negatives and overflows are NaN, with no warning."""
    np.testing.assert_allclose(value(text), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 0", [[1, 1, 0], [0, NAN, 1]]),
        ("0 < a < 5", [[1, 1, 0], [0, NAN, 0]]),
        ("a == 2 or a != a", [[0, 1, 0], [0, NAN, 0]]),
        ("a > 0 and b > 0", [[1, 0, 0], [0, NAN, NAN]]),
        ("(a > 0) & (b > 0)", [[1, 0, 0], [0, NAN, NAN]]),
        ("a > 0 or b > 0", [[1, 1, 0], [1, 1, 1]]),
        ("~(a > 0) | (b > 0)", [[1, 0, 1], [1, 1, NAN]]),
        ("not a", [[0, 0, 1], [0, NAN, 0]]),
        ("isnan(a) or a > 1", [[0, 1, 0], [0, 1, 1]]),
        ("a & 3", [[1, 2, 0], [1, NAN, 0]]),
        ("(a | 8) + 0 * ~a", [[9, 10, 8], [-3, NAN, 8]]),
        ("(a / 2) & 1", [[NAN, 1, 0], [NAN, NAN, 0]]),
    ],
)
def test_truth_is_three_valued(text: str, expected: list[list[float]]) -> None:
    """Comparisons are 1 or 0, unknown where that depends on a value that is not there."""
    np.testing.assert_array_equal(value(text), expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a in (1, 8)", [[1, 0, 0], [0, NAN, 1]]),
        ("a not in [1, 8]", [[0, 1, 1], [1, NAN, 0]]),
        ("a in (2, b / 0)", [[NAN, 1, NAN], [NAN, NAN, NAN]]),
        ("1 < a in {2, 8}", [[0, 1, 0], [0, NAN, 1]]),
        ("bit(a, 1)", [[0, 1, 0], [0, NAN, 0]]),
        ("bit(a, 3) | bit(a, 0)", [[1, 0, 0], [1, NAN, 1]]),
        ("not bit(a, 0) and a > 0", [[0, 1, 0], [0, NAN, 1]]),
        ("bit(a, 60) + bit(a, -1) + bit(a / 2, 0)", [[NAN, 1, 0], [NAN, NAN, 0]]),
    ],
)
def test_classes_and_bits(text: str, expected: list[list[float]]) -> None:
    """Lists of classes, and single bits."""
    np.testing.assert_array_equal(value(text), expected)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a + b > 2", ""),
        ("b if a == 4 else nan", "a"),
        ("b if 4 != a else nan", "a"),
        ("where(a in (4, 5), b, nan)", "a"),
        ("where(a & 4, b, nan)", "a"),
        ("where(bit(a, 2), b, nan)", "a"),
        ("(a > 1) & (b > 1)", ""),
        ("where(`q.l2a` == 1, a, b) + (b not in [1])", "b,q.l2a"),
    ],
)
def test_which_variables_hold_classes(text: str, names: str) -> None:
    """Those that are asked for single values or bits: they are not to be averaged."""
    assert ",".join(sorted(Expression.parse(text).classes)) == names


@pytest.mark.parametrize("text", ["a in 3", "a in ()", "a in b", "a in (1, 2) > 3", "bit(a)"])
def test_lists_that_are_none(text: str) -> None:
    """What is no list of classes is refused."""
    with pytest.raises(InvalidParameter, match=r"^expression="):
        value(text)


@pytest.mark.parametrize("text", ["where(a > 0, a, b)", "a if a > 0 else b"])
def test_where_takes_the_branch_alone(text: str) -> None:
    """NaN in the branch that is not taken does no harm; an unknown condition gives NaN."""
    np.testing.assert_array_equal(value(text), [[1, 2, 0], [5, NAN, 8]])


def test_nan_masks() -> None:
    """`nan` makes pixels nodata."""
    np.testing.assert_array_equal(value("where(a > 1, a, nan)"), [[NAN, 2, NAN], [NAN, NAN, 8]])


def test_names_of_any_form() -> None:
    """Dotted names stand bare, all others in backticks, constants' names too."""
    parsed = Expression.parse("s2.b04 + `b-08` - `nan` + `x y;z` + quoted_0")
    assert parsed.names == {"s2.b04", "b-08", "nan", "x y;z", "quoted_0"}
    arrays = {name: np.array([float(i)]) for i, name in enumerate(sorted(parsed.names))}
    total = sum(arrays.values()) - 2 * arrays["nan"]
    np.testing.assert_array_equal(parsed.evaluate(arrays)[0], total)


def test_bands() -> None:
    """Parts between semicolons are bands, constants are spread over the shape."""
    parsed = Expression.parse("a; a + b ;1;")
    bands = parsed.evaluate({"a": A, "b": B})
    assert (parsed.bands, bands.shape, bands.dtype) == (3, (3, 2, 3), np.dtype(np.float64))
    assert (bands[2] == 1).all()


def test_inputs_are_left_alone() -> None:
    """Evaluating writes to no input and gives no view of one."""
    a = A.astype(np.float32)
    a.flags.writeable = False
    out = Expression.parse("a").evaluate({"a": a})
    assert not np.shares_memory(out, a)
    np.testing.assert_array_equal(out[0], a)


def test_keys_ignore_blanks() -> None:
    """The key tells expressions apart by their text, blanks evened out."""
    assert Expression.parse(" a  +\tb").key == Expression.parse("a + b").key
    assert Expression.parse("a-b").key != Expression.parse("`a-b`").key


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "().__class__",
        "a.__class__()",
        "lambda: 1",
        "'a'",
        "[a for a in b]",
        "{a}",
        "a[0]",
        "min(*a)",
        "min(a, key=b)",
        "a if b",
        "a := 1",
        "a in b",
        "a is b",
        "a @ b",
        "a ^ b",
        "a << 2",
        "eval(a)",
        "sqrt.__call__(a)",
        "(yield a)",
        "await a",
        "f'{a}'",
        "b'a'",
        "None",
        "True",
        "...",
        "a + 1j",
        "0x1f + a",
        "1_000 + a",
        "1if a else 2",
        "min(a)",
        "where(a, b)",
        "abs()",
        "9**9**9",
        "a ** 17",
        "a ** b",
        "a ** (1 / 0)",
        "9" * 400 + "+ a",
        "1 + 1",
        "",
        ";",
        "a;;b",
        "a;a;a;a;a",
        "``",
        "`a",
        "a\x00",
        "a\n\nb",
        "\ud800",
        "a b",
        "import os",
    ],
)
def test_all_else_is_refused(text: str) -> None:
    """What is not allowed names the parameter and what is expected."""
    with pytest.raises(InvalidParameter, match=r"^expression=.*expected"):
        Expression.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "a" + ")" * 5000,
        "-" * 10_000 + "a",
        "(" * 400 + "a" + ")" * 400,
        "-" * (LONGEST_TEXT - 1) + "a",
        "not " * 240 + "a",
        "a" + "**1" * 300,
        "a" + "+a" * (DEEPEST + 1),
        "max(" + ",".join("a" * 300) + ")",
        "a.b" * 300,
        "a" + ".b" * 400,
        "sqrt(" * 100 + "a" + ")" * 100,
        "a if a else " * 70 + "a",
        "(" * 190 + "a" + ")" * 190 + "[" * 190,
    ],
)
def test_large_trees_are_refused(text: str) -> None:
    """Length, depth and number of terms are limited before anything recurses."""
    with pytest.raises(InvalidParameter, match=r"^expression="):
        Expression.parse(text)


TOKENS = [
    *FUNCTIONS, "a", "b", "c", "`a`", "1", "2.5", "1e300", "-", "+", "*", "/", "//", "%", "**", "<",
    "==", "and", "or", "not", "&", "|", "~", "(", ")", ",", ";", "if", "else", ".", "'", "[", "]",
    ":", "lambda", "\n", " ", "is", "in", "nan", "=", "\\", "{", "}", "#", "@", "0",
]  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(TOKENS), max_size=40).map(" ".join)))
def test_no_text_does_harm(text: str) -> None:
    """Any text is an expression that evaluates without a warning, or an InvalidParameter."""
    try:
        parsed = Expression.parse(text)
    except InvalidParameter:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        out = parsed.evaluate(dict.fromkeys(parsed.names, A))
    assert out.shape == (parsed.bands, 2, 3)
    assert not np.isinf(out).any()


TREES = st.recursive(
    st.sampled_from(["a", "b", "0", "1.5", "-2", "1e200"]),
    lambda parts: st.one_of(
        st.tuples(
            parts, st.sampled_from(["+", "-", "*", "/", "//", "%", "&", "|", "<"]), parts
        ).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["sqrt", "log", "exp", "~", "-", "not "]), parts).map(
            lambda t: f"({t[0]}({t[1]}))"
        ),
        st.tuples(parts, parts, parts).map(lambda t: f"where({', '.join(t)})"),
        parts.map(lambda t: f"({t} ** 3)"),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(TREES)
def test_every_allowed_tree_gives_finite_values_or_nodata(text: str) -> None:
    """Whatever is built of allowed parts evaluates without a warning and never to infinity."""
    parsed = Expression.parse(f"{text} + 0 * a")
    assert not np.isinf(parsed.evaluate({"a": A, "b": B})).any()
