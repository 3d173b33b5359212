"""Each shape of store that the page lists, column by column."""

import pytest

from tests.formats.case import COLUMNS, Absent, Case, Column
from tests.formats.page import INTRO, PAGE, line
from tests.formats.run import NO, Row, run
from tests.formats.topics import CASES


def _row(case: Case) -> Row:
    row = run(case)
    if isinstance(row, Absent):
        pytest.skip(str(row))
    return row


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_shape(case: Case, column: Column) -> None:
    """The column holds, or does not apply."""
    outcome = _row(case)[column]
    if outcome.mark == NO:
        raise AssertionError(f"{case.id} {column}: {outcome.why}") from outcome.error


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_page(case: Case) -> None:
    """The page says of a store what a run of it says; `python -m tests.formats` writes it."""
    assert line(case, _row(case)) in PAGE.read_text().splitlines()


def test_names() -> None:
    """No two cases have one name, and the page lists no store that is no case."""
    names = [(case.section, case.name) for case in CASES]
    assert len(set(names)) == len(names)
    tables = PAGE.read_text().removeprefix(INTRO.read_text())
    rows = [text for text in tables.splitlines() if text.startswith("| ")]
    told = {text.split(" | ")[0].removeprefix("| ").replace("\\|", "|") for text in rows}
    assert told - {"store"} <= {case.name for case in CASES}
