"""Coverages as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np

from tileserver.errors import PayloadTooLarge
from tileserver.services.edr.columns import Columns, columns
from tileserver.services.edr.coverage import Coverage
from tileserver.services.edr.frame import Frame

MOST_ROWS = 500_000
DIGITS = 10  # of coordinates


def table(found: Sequence[Coverage], frame: Frame) -> bytes:
    """A line for each time, level and place; empty where there is no value.

    Cells outside an area are left out. Raises PayloadTooLarge.
    """
    check_rows(found, MOST_ROWS)
    parameters = list(dict.fromkeys(name for each in found for name in each.values))
    vertical = next((each.vertical.name for each in found if each.vertical), None)
    has_time = any(each.times is not None for each in found)
    places = ("lon", "lat") if frame.is_degrees else ("x", "y")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = [*(("time",) if has_time else ()), *((vertical,) if vertical else ()), *places]
    writer.writerow([*head, *parameters])
    for each in found:
        rows = columns(each, known_only=each.kind == "grid")
        writer.writerows(zip(*_cells(rows, parameters, has_time, vertical), strict=True))
    return out.getvalue().encode()


def check_rows(found: Sequence[Coverage], most: int) -> None:
    """Refuse what would be too many rows. Raises PayloadTooLarge."""
    count = sum(int(np.prod(each.shape)) for each in found)
    if count > most:
        raise PayloadTooLarge(
            f"this would be {count:,} rows, the limit is {most:,}: ask for less, or f=NetCDF"
        )


def _cells(
    rows: Columns, parameters: Sequence[str], has_time: bool, vertical: str | None
) -> Iterator[Sequence[str]]:
    none = [""] * len(rows)
    if has_time:
        yield none if rows.time_of is None else [rows.labels[i] for i in rows.time_of.tolist()]
    if vertical:
        yield none if rows.levels is None else [f"{v:.{DIGITS}g}" for v in rows.levels.tolist()]
    for place in (rows.x, rows.y):
        yield [f"{v:.{DIGITS}g}" for v in place.tolist()]
    for name in parameters:
        values = rows.values.get(name)
        # By way of its text: a 32-bit number has fewer digits than Python's.
        yield none if values is None else ["" if v != v else str(v) for v in values]
