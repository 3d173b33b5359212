"""docs/performance.md, as a run writes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.benchmarks import machine
from tests.benchmarks.bars import Bar
from tests.benchmarks.compare import CASES, CONCURRENCY, MOST_DIFFERENCE, Effort, Figures, Table
from tests.benchmarks.peers import OURS, PEERS

PRIVATE = re.compile(r"https?://\S+|(?<![\w:.])/[\w.+-]+(?:/[\w.+-]+)+")
HEAD = """\
# Performance

Written by `make bench`; this is the run of {date} on {machine}.
{effort}

Times depend on the machine, so that only ratios say something: each was taken in one run, on the
same tiles, the servers in turn.
"""
READING = """\
## How to read it

- Every server is asked for the same distinct tiles, which a seed draws from those that lie in the
  data: 256², PNG in viridis over the same range unless the case says otherwise. All data are on
  local disk and in the kernel's page cache; servers are started anew for each case.
- **tiles/s, CPU**: {concurrency} requests at a time from cold: a server has drawn one tile of the
  layer before, and one of another variable where there is one, so that what is opened or compiled
  at first use is there. CPU time is that of all of a server's threads and processes, per tile.
- **memory**: the most that was resident meanwhile.
- **p50, p95**: one request at a time, twenty of each server in turn, other tiles than those.
  Servers that keep decoded chunks have these: they drew the same tiles before, twice as large or in
  another format. The others read and decode for each tile. No picture is asked for twice, so that
  no cache of them answers.
- Of ours the figures stand as they are, of the others as multiples of ours: how many times slower,
  more costly or larger; in bold where theirs is the better one.
- Every answer is checked to be an image; some are decoded, must not be empty, and are compared
  with our picture of the same tile: a mean difference of more than {difference:.0f} levels of 255
  is told. Hillshades differ because ours is `gdaldem`'s, in metres, and titiler's one of pixels.
- A bar is what the project holds itself to; a case that is lost stays in its table.

## How to run it

```
make bench                                  # everything; about 25 minutes on 4 cores
make bench BENCH_ARGS='--rows 1-8,10'       # all but the long run of row 9; about 7 minutes
make bench BENCH_ARGS='--quick'             # fewer tiles, one round; about 5 minutes
make bench BENCH_ARGS='--rows 1,2,5 --peers none --no-write'
```

`--peers` takes `all`, `none` or names, `--rows` the numbers of the table of bars, `--keep` the
folder where data (2 GB) and the others' environments stay between runs, by default `build/bench`.
The machine should have nothing else to do. With four cores the last one or two are the client's
alone; with fewer, client and servers share them, which costs the faster server more.
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a run has found.

    Attributes:
        versions: by server, of what it is made of.
        absent: by server, why it did not run.
    """

    bars: Sequence[Bar]
    table: Table
    effort: Effort
    versions: Mapping[str, Mapping[str, str]]
    absent: Mapping[str, str]


def page(outcome: Outcome) -> str:
    effort = outcome.effort
    size = (
        f"In each case {effort.cold} tiles from cold ({effort.many} where a bar asks for them) and "
        f"{effort.turns} one at a time, the medians of {effort.rounds} "
        f"round{'s' * (effort.rounds > 1)}; one round where no bar depends on it."
    )
    head = HEAD.format(
        date=datetime.now(UTC).date().isoformat(), machine=machine.describe(), effort=size
    )
    reading = READING.format(concurrency=CONCURRENCY, difference=MOST_DIFFERENCE)
    return "\n".join([head, *bars(outcome.bars), *cases(outcome.table), *servers(outcome), reading])


def bars(found: Sequence[Bar]) -> Iterator[str]:
    yield "## Bars\n"
    yield "| row | case | bar | figure | |"
    yield "|---|---|---|---|---|"
    for bar in found:
        yield f"| {bar.row} | {bar.case} | {bar.bar} | {cell(bar.figure)} | {bar.verdict} |"
    yield ""


def cases(table: Table) -> Iterator[str]:
    if table:
        yield "## Against the others\n"
    for case in CASES:
        if found := table.get(case.name):
            yield f"### {case.title}\n"
            yield f"| server | p50 | p95 | tiles/s, {CONCURRENCY} at a time | CPU a tile | memory |"
            yield "|---|---|---|---|---|---|"
            yield from (
                line(name, figures, found.get(OURS.name)) for name, figures in found.items()
            )
            yield ""


def line(name: str, found: Figures, ours: Figures | None) -> str:
    if found.failed:
        return f"| {name} | not measured: {cell(found.failed)} | | | | |"
    values = [
        (found.p50, ours and ours.p50, in_ms),
        (found.p95, ours and ours.p95, in_ms),
        (found.rate, ours and ours.rate, whole),
        (found.cpu_s, ours and ours.cpu_s, in_ms),
        (found.peak, ours and ours.peak, in_mb),
    ]
    itself = name == OURS.name or ours is None or bool(ours.failed)
    cells = [
        shown(value) if itself or not our else ratio(value, our, shown, more_is_better=n == 2)
        for n, (value, our, shown) in enumerate(values)
    ]
    told = name
    if found.difference > MOST_DIFFERENCE:
        told += f" (another picture, by {found.difference:.0f} levels)"
    return f"| {told} | {' | '.join(cells)} |"


def ratio(value: float, ours: float, shown: Callable[[float], str], *, more_is_better: bool) -> str:
    """How many times worse than ours; bold where it is better."""
    times = ours / value if more_is_better else value / ours
    text = f"{times:.2g}×" if times < 10 else f"{times:.0f}×"
    return f"{text if times >= 1 else f'**{text}**'} ({shown(value)})"


def in_ms(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms"


def whole(rate: float) -> str:
    return f"{rate:.0f}"


def in_mb(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


def servers(outcome: Outcome) -> Iterator[str]:
    yield "## How each is run\n"
    for peer in (OURS, *PEERS):
        versions = outcome.versions.get(peer.name, {})
        made = ", ".join(f"{name} {version}" for name, version in versions.items())
        why = outcome.absent.get(peer.name)
        yield f"- **{peer.name}** ({f'not run: {cell(why)}' if why else made}): {peer.told}"
    yield ""


def cell(text: str) -> str:
    """Fit for a table, and without this machine's paths and the addresses that it asks."""
    return " ".join(PRIVATE.sub("…", text).replace("|", "/").split())[:200]
