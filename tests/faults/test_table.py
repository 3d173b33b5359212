"""The page on reliability: each row of faults has tests, and each that it names exists."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = {
    int(found[1]): re.findall(r"`([\w/]+\.py)::(\w+)`", found[0])
    for found in re.finditer(r"^\| (\d+) \|.*$", PAGE, re.MULTILINE)
}
NAMED = sorted({named for each in ROWS.values() for named in each})


def test_every_row_has_tests() -> None:
    """All 29 of them."""
    assert sorted(ROWS) == list(range(1, 30))
    assert [row for row, tests in ROWS.items() if not tests] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_named_test_exists(file: str, name: str) -> None:
    """A test that was renamed is renamed in the table too."""
    source = (TESTS / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", source, re.MULTILINE)


@pytest.mark.parametrize("path", sorted((TESTS / "faults").glob("test_*.py")))
def test_tests_of_rows_are_in_the_table(path: Path) -> None:
    """Those here that name a row stand in it."""
    for row, name in re.findall(r"^def (?=test_row_(\d+))(\w+)\(", path.read_text(), re.MULTILINE):
        assert (f"faults/{path.name}", name) in ROWS[int(row)], name
