"""The bars that the project holds itself to, and those of them that a comparison decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.benchmarks.compare import CONCURRENCY, Effort, Figures, Table
from tests.benchmarks.peers import OURS

ALONE_PARTS = {"titiler.xarray": 50, "xpublish-tiles": 40, "xcube": 25}
COLD_TIMES, UTM_TIMES, COG_TIMES = 25, 20, 5


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the table of bars; `holds` is None where it could not be measured."""

    row: int
    case: str
    bar: str
    figure: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        return {True: "holds", False: "does not hold", None: "not measured"}[self.holds]


def unmeasured(row: int, case: str, bar: str, why: object) -> Bar:
    return Bar(row, case, bar, f"not run: {why}", None)


def over_http(table: Table) -> Iterable[Bar]:
    """Row 3: one request at a time, chunks decoded."""
    found = table.get("global", {})
    for name, part in ALONE_PARTS.items():
        bar = f"p50 ≤ 1/{part} of {name}"
        case = "lat/lon tile over HTTP, one at a time"
        if why := missing(found, name):
            yield unmeasured(3, case, bar, why)
            continue
        times = found[name].p50 / found[OURS.name].p50
        figure = f"1/{times:.1f} ({found[OURS.name].p50 * 1e3:.2f} ms)"
        yield Bar(3, case, bar, figure, times >= part)


def from_cold(table: Table, count: int) -> Bar:
    """Row 4: distinct tiles, several requests at a time, nothing decoded."""
    case = f"{count} distinct tiles of the 0.25° cube, {CONCURRENCY} at a time, from cold"
    found = table.get("global", {})
    return against_best(4, case, found, ALONE_PARTS, COLD_TIMES)


def utm_over_http(table: Table) -> Bar:
    """Row 5, over HTTP."""
    case, bar = "UTM uint16, bilinear, over HTTP", f"≥ {UTM_TIMES}× titiler.xarray"
    found = table.get("utm", {})
    if why := missing(found, "titiler.xarray"):
        return unmeasured(5, case, bar, why)
    times = found["titiler.xarray"].p50 / found[OURS.name].p50
    return Bar(
        5, case, bar, f"{times:.1f}× ({found[OURS.name].p50 * 1e3:.2f} ms)", times >= UTM_TIMES
    )


def cogs(table: Table) -> Iterable[Bar]:
    """Row 6."""
    titles = {"jpeg": "RGB COG as JPEG", "webp": "RGB COG as WebP", "hillshade": "DEM hillshade"}
    for case, title in titles.items():
        yield against_best(6, title, table.get(case, {}), ("titiler.core",), COG_TIMES)


def against_best(
    row: int, case: str, found: dict[str, Figures], names: Iterable[str], times: int
) -> Bar:
    """Our tiles a second against the most that any of the peers has."""
    able = [name for name in names if not missing(found, name)]
    named = list(names)
    bar = f"≥ {times}× {named[0] if len(named) == 1 else 'the best peer'}'s tiles/s"
    if not able:
        return unmeasured(row, case, bar, missing(found, named[0]))
    best = max(able, key=lambda name: found[name].rate)
    ratio = found[OURS.name].rate / found[best].rate
    figure = f"{ratio:.1f}× {best} ({found[OURS.name].rate:.0f} tiles/s)"
    absent = [name for name in named if name not in able]
    if absent:
        figure += f"; without {', '.join(absent)}"
    return Bar(row, case, bar, figure, ratio >= times)


def missing(found: dict[str, Figures], name: str) -> str:
    """Why the two cannot be compared; empty if they can."""
    for each in (OURS.name, name):
        if each not in found:
            return f"{each} was not asked"
        if found[each].failed:
            return f"{each}: {found[each].failed}"
    return ""


def by_comparison(table: Table, rows: Sequence[int], effort: Effort) -> list[Bar]:
    made: list[Bar] = []
    if 3 in rows:
        made += over_http(table)
    if 4 in rows:
        made.append(from_cold(table, effort.many))
    if 5 in rows:
        made.append(utm_over_http(table))
    if 6 in rows:
        made += cogs(table)
    return made
