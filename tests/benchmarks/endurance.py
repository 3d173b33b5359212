"""Minutes of mixed traffic while the store fails: is every answer right, and does nothing leak?

    python -m tests.benchmarks.endurance [--seconds 600] [--part 0.05] [--folder build/endurance]

A server of two workers reads the demo's cubes from an S3 server through a proxy that spoils one
answer in twenty. Every answer is compared, byte by byte, with that of a second server whose
store has no faults. Caches are small, so that the store is asked all the time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from io import BytesIO
from pathlib import Path
from statistics import median

from PIL import Image

from tests.benchmarks import load
from tests.benchmarks.mixture import Asked, Mixture
from tests.benchmarks.process import Command, Server, running
from tests.benchmarks.soak import find_layers
from tileserver.demo import build, catalog_s3

ROOT = Path(__file__).parents[2]
SECONDS, PART = 600.0, 0.05
CONNECTIONS = 8
# How the faults part among themselves.
SHARES = {"slowdown": 0.3, "reset": 0.25, "truncate": 0.2, "stall": 0.1, "slow": 0.15}
STALL_S = 30
PNG = b"\x89PNG"
KEYS = {"DEMO_ACCESS_KEY_ID": "demo", "DEMO_SECRET_ACCESS_KEY": "a-secret-of-the-tests"}
SERVER = {
    "TILESERVER_PUBLIC_URL": "http://tiles.example",  # as links tell, of both alike
    "TILESERVER_MEMORY": "32MiB",
    "TILESERVER_REFRESH_S": "10",
    "TILESERVER_LOG_LEVEL": "error",
}
WORKERS = 2
LOOK_S = 2.0
REST_S = 8.0
TIMEOUT_S = 90.0
SHOWN = 10  # of answers that are not what they should be
# What the last quarter may have more than the third, in parts and beside them.
FLAT, NOISE = 0.05, {"memory_bytes": 8 << 20, "open_files": 10, "threads": 4, "tasks": 40}
# What documents say of a look for changes that a fault has stopped: it is true.
TROUBLE = re.compile(rb',"trouble":"[^"]*"')
FIGURE = re.compile(r'^tileserver_process_(\w+)\{worker="\w+"\} ([\d.e+]+)$', re.MULTILINE)


@dataclass(slots=True)
class Seen:
    """What one client has got; `faulty` are answers that should not be, in words."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    faulty: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    packed: int = 0  # pictures of the same pixels and palette in other bytes
    cut: int = 0  # streams that ended before their end, as their readers can tell


@dataclass(frozen=True, slots=True)
class Endurance:
    """What came of a run.

    Attributes:
        figures: of all workers together, by name, at each look; the last one is at rest.
        store: requests that reached the proxy, and how many of each fault it did.
    """

    seconds: float
    seen: Seen
    figures: Sequence[dict[str, float]]
    store: dict[str, int]

    @property
    def leaks(self) -> list[str]:
        """The figures that grew to the end, in words."""
        quarter = len(self.figures) // 4
        third, last = self.figures[2 * quarter : 3 * quarter], self.figures[3 * quarter :]
        found = []
        for name, noise in NOISE.items():
            before, after = (median(look[name] for look in part) for part in (third, last))
            if after > before * (1 + FLAT) + noise:
                found.append(f"{name}: {before:g} in the third quarter, {after:g} in the last")
        return found

    @property
    def holds(self) -> bool:
        return not self.seen.faulty and not self.leaks

    def __str__(self) -> str:
        seen, total = self.seen, sum(self.seen.statuses.values())
        slow = sorted(seen.seconds)
        lines = [
            f"{total} answers in {self.seconds:.0f} s, {seen.statuses[200]} of them 200 and equal "
            f"to those without faults; {seen.statuses[503]} 503, {seen.statuses[504]} 504, "
            f"{seen.cut} streams cut off, {seen.packed} equal pictures of other bytes; "
            f"{len(seen.faulty)} that should not be",
            f"seconds: median {median(slow):.3f}, p95 {slow[len(slow) * 95 // 100]:.3f}, "
            f"most {slow[-1]:.1f}",
            f"store: {json.dumps(self.store)}",
            *(
                f"{name}: at the start {self.figures[0][name]:.0f}, most "
                f"{max(look[name] for look in self.figures):.0f}, last quarter "
                f"{median(x[name] for x in self.figures[-len(self.figures) // 4 :]):.0f}, "
                f"at rest {self.figures[-1][name]:.0f}"
                for name in NOISE
            ),
            f"kinds: {json.dumps(seen.kinds)}",
            *self.leaks,
            *seen.faulty[:SHOWN],
        ]
        return "\n".join(lines)


def run(
    seconds: float = SECONDS, part: float = PART, *, folder: Path, data: Path | None = None
) -> Endurance:
    """Ask for so long, while such a part of the store's answers is spoilt.

    Args:
        data: the demo's cubes, where there are some already.
    """
    if data is None:
        data = folder / "data"
        build(data)
    faults = [f"{name}={part * share:.5f}" for name, share in SHARES.items()]
    with contextlib.ExitStack() as stack:
        s3 = stack.enter_context(running(_store(folder, data)))
        spoiling = stack.enter_context(running(_proxy(folder, s3, faults)))
        sound = stack.enter_context(running(_server(folder, data, "sound", s3)))
        tested = stack.enter_context(running(_server(folder, data, "tested", spoiling)))
        layers = list(find_layers(sound.port))
        wait_for_all(tested.port, [dataset_of(layer.path) for layer in layers])
        begun = time.monotonic()
        with ThreadPoolExecutor(CONNECTIONS + 1) as pool:
            watching = pool.submit(_watch, tested.port, begun + seconds)
            clients = [
                pool.submit(_ask, Mixture(layers, n), (tested, sound), begun + seconds, folder)
                for n in range(CONNECTIONS)
            ]
            seen = _together([client.result() for client in clients])
            figures = watching.result()
        taken = time.monotonic() - begun
        time.sleep(min(REST_S, seconds / 4))
        figures.append(look(tested.port))
    told = (folder / "proxy.log").read_text().strip().splitlines()[-1]
    return Endurance(taken, seen, figures, json.loads(told))


def _store(folder: Path, data: Path) -> Command:
    words = ("-m", "tests.s3", "--root", str(folder), "--bucket", f"demo={data}")
    return Command("s3", (sys.executable, *words, "--port", "{port}"), _environment(KEYS), folder)


def _proxy(folder: Path, s3: Server, faults: Sequence[str]) -> Command:
    words = ("-m", "tests.s3.proxy", "--upstream", f"http://127.0.0.1:{s3.port}")
    flags = [word for fault in faults for word in ("--fault", fault)]
    more = ("--stall-s", str(STALL_S), "--port", "{port}")
    return Command("proxy", (sys.executable, *words, *flags, *more), _environment({}), folder)


def _server(folder: Path, data: Path, name: str, store: Server) -> Command:
    """Of the cubes in a store."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    endpoint = f"http://127.0.0.1:{store.port}"
    catalog = catalog_s3(folder / name, endpoint=endpoint, bucket="demo")
    words = ("-m", "tileserver", "serve", "--port", "{port}", "--catalog", str(catalog))
    many = ("--workers", str(WORKERS))
    settings = SERVER | {"TILESERVER_SHARED_TILES": str(folder / name / "tiles")}
    return Command(
        name, (sys.executable, *words, *many), _environment(KEYS | settings), folder, "/readyz"
    )


def _environment(more: dict[str, str]) -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT), **more}


def dataset_of(path: str) -> str:
    return path.split("/")[2]


def wait_for_all(port: int, datasets: Sequence[str]) -> None:
    """Until each is open: what failed at the start is tried again."""
    end = time.monotonic() + TIMEOUT_S
    for dataset in dict.fromkeys(datasets):
        while load.fetch(port, f"/datasets/{dataset}").status != 200:
            if time.monotonic() > end:
                raise load.BadAnswer(f"{dataset} is not open")
            time.sleep(0.2)


def look(port: int) -> dict[str, float]:
    """Figures of all workers together."""
    found: Counter[str] = Counter()
    for name, value in FIGURE.findall(load.fetch(port, "/metrics").body.decode()):
        found[name] += float(value)
    return dict(found)


def _watch(port: int, until: float) -> list[dict[str, float]]:
    found = [look(port)]
    while time.monotonic() < until:
        time.sleep(LOOK_S)
        found.append(look(port))
    return found


def _ask(mixture: Mixture, servers: tuple[Server, Server], until: float, folder: Path) -> Seen:
    """One client: the same of both servers, in turn; what differs is kept in the folder."""
    seen = Seen()
    tested, sound = servers
    with Client(tested.port) as asking, Client(sound.port) as knowing:
        while time.monotonic() < until:
            asked = mixture.draw()
            begun = time.monotonic()
            try:
                status, body = asking.get(asked.path)
            except (OSError, HTTPException) as error:
                # Only what is sent line by line may end so: it was begun before the fault.
                seen.cut += "ndjson" in asked.path or "csv" in asked.path
                if not ("ndjson" in asked.path or "csv" in asked.path):
                    seen.faulty.append(f"{asked.path}: {error!r}")
                continue
            seen.seconds.append(time.monotonic() - begun)
            seen.statuses[status] += 1
            seen.kinds[asked.kind] += 1
            if status not in (503, 504):
                sound_status, sound_body = knowing.get(asked.path)
                found = list(_compared(asked, status, body, sound_status, sound_body))
                if found and _is_same_picture(body, sound_body):
                    seen.packed += 1
                    continue
                seen.faulty += found
                if found:
                    _keep(folder, asked, body, sound_body)
    return seen


def _is_same_picture(*bodies: bytes) -> bool:
    """Whether PNGs differ in nothing but how they are deflated."""
    if not all(body.startswith(PNG) for body in bodies):
        return False
    found = []
    for body in bodies:
        with Image.open(BytesIO(body)) as picture:
            about = picture.mode, picture.size, picture.info
            found.append((*about, picture.getpalette(), picture.tobytes()))
    return found[0] == found[1]


def _keep(folder: Path, asked: Asked, *bodies: bytes) -> None:
    """What was got, and what it should have been."""
    name = f"{time.monotonic_ns()}"
    (folder / f"{name}.path").write_text(asked.path)
    for kind, body in zip(("tested", "sound"), bodies, strict=True):
        (folder / f"{name}.{kind}").write_bytes(body)


def _compared(
    asked: Asked, status: int, body: bytes, sound_status: int, sound_body: bytes
) -> Iterator[str]:
    """What is wrong with an answer, if anything is."""
    if sound_status != 200:
        yield f"{asked.kind} {asked.path}: {sound_status} without faults: {sound_body[:200]!r}"
    elif status != 200:
        yield f"{asked.kind} {asked.path}: {status} {body[:200]!r}"
    elif TROUBLE.sub(b"", body) != sound_body:
        at = next((n for n, (a, b) in enumerate(zip(body, sound_body, strict=False)) if a != b), 0)
        found, other = (each[max(0, at - 40) : at + 120] for each in (body, sound_body))
        yield f"{asked.kind} {asked.path}: {found!r} in place of {other!r}"


class Client(contextlib.AbstractContextManager["Client"]):
    """A kept connection, made anew when it has failed."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body, which is whole."""
        try:
            self._connection.request("GET", path)
            with self._connection.getresponse() as answer:
                return answer.status, answer.read()
        except BaseException:
            self._connection.close()
            raise


def _together(parts: Sequence[Seen]) -> Seen:
    whole = Seen()
    for part in parts:
        whole.statuses += part.statuses
        whole.kinds += part.kinds
        whole.faulty += part.faulty
        whole.seconds += part.seconds
        whole.cut += part.cut
        whole.packed += part.packed
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--part", type=float, default=PART, help="of the store's answers")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "endurance")
    given = parser.parse_args()
    outcome = run(given.seconds, given.part, folder=given.folder)
    print(outcome)
    sys.exit(not outcome.holds)


if __name__ == "__main__":
    main()
