"""The page docs/formats.md."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from tests.formats.case import COLUMNS, Absent, Case
from tests.formats.run import NOT_APPLICABLE, REFUSED, Row

PAGE = Path(__file__).parents[2] / "docs/formats.md"
INTRO = Path(__file__).parent / "intro.md"


def text(rows: Mapping[Case, Row | Absent]) -> str:
    """The whole page."""
    served = {c: r for c, r in rows.items() if not isinstance(r, Absent) and not _refused(r)}
    refused = {c: r for c, r in rows.items() if not isinstance(r, Absent) and _refused(r)}
    parts = [INTRO.read_text().rstrip()]
    for section, cases in groupby(served, lambda case: case.section):
        parts.append(f"## {section}\n\n{_table([*cases], served)}")
    parts.append(f"## What is refused\n\n{_refusals(refused)}")
    return "\n\n".join(parts) + "\n"


def _refused(row: Row) -> bool:
    return row["opens"].mark == REFUSED


def _table(cases: list[Case], rows: Mapping[Case, Row]) -> str:
    lines = [f"| store | {' | '.join(COLUMNS)} |", "|---|" + ":-:|" * len(COLUMNS)]
    return "\n".join([*lines, *(line(case, rows[case]) for case in cases)])


def line(case: Case, row: Row) -> str:
    """A case's line in the table of its section, or of what is refused."""
    if _refused(row):
        return f"| {_cell(case.name)} | {_cell(row['opens'].why)} |"
    marks = []
    for column in COLUMNS:
        outcome = row[column]
        is_told = outcome.mark == NOT_APPLICABLE
        marks.append(f"– {_cell(outcome.why)}" if is_told else outcome.mark)
    return f"| {_cell(case.name)} | {' | '.join(marks)} |"


def _refusals(rows: Mapping[Case, Row]) -> str:
    lines = ["| store | what the catalogue lists as its error |", "|---|---|"]
    lines += [line(case, row) for case, row in rows.items()]
    return "\n".join(lines)


def _cell(told: str) -> str:
    return told.replace("|", "\\|").replace("\n", " ")
