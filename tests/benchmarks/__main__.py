"""`python -m tests.benchmarks`: the benchmark against the peers; see docs/performance.md."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from tests.benchmarks import alone, bars, cubes, environments, growth, machine, remote, report
from tests.benchmarks.bars import Bar
from tests.benchmarks.compare import CASES, FULL, QUICK, Conditions, Effort, Table, compare
from tests.benchmarks.environments import NotInstalled
from tests.benchmarks.peers import OURS, PEERS, Peer
from tests.benchmarks.place import Place

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
ROWS = range(1, 11)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--peers", default="all", help="all, none, or names parted by commas")
    parser.add_argument("--rows", default="1-10", help="such as 1,3-5")
    parser.add_argument("--quick", action="store_true", help="fewer tiles, one round")
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "bench", metavar="FOLDER")
    parser.add_argument(
        "--write", action=argparse.BooleanOptionalAction, default=True,
        help="docs/performance.md",
    )  # fmt: skip
    return parser.parse_args()


def parse_rows(text: str) -> list[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            sys.exit(f"--rows {text}: expected numbers of {ROWS[0]}-{ROWS[-1]}, such as 1,3-5")
        found |= set(range(int(first), int(last or first) + 1))
    return sorted(found & set(ROWS))


def parse_peers(text: str) -> list[Peer]:
    if text in ("all", "none"):
        return list(PEERS) if text == "all" else []
    names = text.split(",")
    unknown = set(names) - {peer.name for peer in PEERS}
    if unknown:
        sys.exit(f"--peers {text}: expected {', '.join(peer.name for peer in PEERS)}")
    return [peer for peer in PEERS if peer.name in names]


def prepare(wanted: Sequence[Peer], place: Place) -> tuple[list[Peer], dict[str, str]]:
    """The peers that are installed, and why the others are not."""
    able: list[Peer] = []
    absent = {peer.name: "not asked for" for peer in PEERS if peer not in wanted}
    for peer in wanted:
        try:
            environments.install(peer.environment, place)
            able.append(peer)
        except NotInstalled as error:
            absent[peer.name] = str(error)
            print(f"{peer.name} is not run: {error}", flush=True)
    return able, absent


def measured(row: int, job: Callable[[], Iterable[Bar]]) -> list[Bar]:
    """The bars of a row; a row that fails is a line that says why."""
    print(f"row {row}", flush=True)
    try:
        return list(job())
    except Exception as error:
        return [bars.unmeasured(row, "the whole row", "", f"{type(error).__name__}: {error}")]


def run(
    rows: Sequence[int], able: Sequence[Peer], place: Place, *, effort: Effort
) -> tuple[list[Bar], Table]:
    client, quick = machine.share(clients=1), effort is QUICK
    jobs: dict[int, Callable[[], Iterable[Bar]]] = {
        1: lambda: alone.tile_cache(place, quick=quick),
        2: lambda: alone.in_process(place, quick=quick),
        7: lambda: remote.slow_store(place, client, quick=quick),
        8: lambda: growth.workers(place, quick=quick),
        9: lambda: growth.soak(place, quick=quick),
        10: lambda: growth.start(place),
    }
    # Row 5 has a part in process, which comes with row 2.
    alone_rows = {2 if row == 5 else row for row in rows} & set(jobs)
    found = [bar for row in sorted(alone_rows) for bar in measured(row, jobs[row])]
    table: Table = {}
    cases = [case for case in CASES if set(case.rows) & set(rows)]
    if cases:
        print("servers in turn", flush=True)
        table = compare(cases, able, Conditions(place, effort, client))
        found += bars.by_comparison(table, rows, effort)
    return sorted((bar for bar in found if bar.row in rows), key=lambda bar: bar.row), table


def main() -> None:
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all servers are ended
    rows, wanted = parse_rows(arguments.rows), parse_peers(arguments.peers)
    place = Place(arguments.keep.resolve())
    effort = QUICK if arguments.quick else FULL
    cubes.make(place.data)
    able, absent = prepare(wanted, place)
    found, table = run(rows, able, place, effort=effort)
    versions = {}
    for peer in (OURS, *able):
        with contextlib.suppress(NotInstalled):
            told = environments.versions(peer.environment, place, peer.versions)
            versions[peer.name] = told
    outcome = report.Outcome(found, table, effort, versions, absent)
    text = report.page(outcome)
    if arguments.write:
        PAGE.write_text(text, encoding="utf-8")
    print("\n".join((*report.bars(found), *report.cases(table))))


if __name__ == "__main__":
    main()
