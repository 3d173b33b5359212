"""The folder of tiles that workers share: what comes back, what is bounded, what is survived."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tileserver.sharedtiles import ABANDONED_S, HEADER, PAGE, SharedTiles

ROOT = Path(__file__).parent.parent
LIMIT = 16 << 20
WITHIN_S = 20


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds before long: sweeps are made in threads."""
    until = time.monotonic() + WITHIN_S
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def files(folder: Path) -> list[Path]:
    """The files of tiles."""
    return [path for path in folder.glob("tileserver-*/*") if len(path.name) == 32]


def taken(folder: Path) -> int:
    """What the files of tiles take, in whole pages."""
    total = 0
    for path in files(folder):
        try:
            total += -(-path.stat().st_size // PAGE) * PAGE
        except FileNotFoundError:
            continue  # swept meanwhile
    return total


def body_of(key: str) -> bytes:
    """Bytes that tell whether they are the key's: 100 bytes to 20 kB."""
    numbers = random.Random(key)
    return key.encode() + numbers.randbytes(numbers.randrange(100, 20_000))


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    """From this instance and from any other of the same folder, counted as hits and misses."""
    one, other = SharedTiles(tmp_path, LIMIT), SharedTiles(tmp_path, LIMIT)
    assert one.get("a") is None
    one.put("a", b"tile")
    one.put("empty", b"")
    assert (one.get("a"), other.get("a"), other.get("empty")) == (b"tile", b"tile", b"")
    assert (one.hits, one.misses, other.hits, other.misses) == (1, 1, 2, 0)
    assert one.nbytes == 2 * PAGE


def test_last_put_stays(tmp_path: Path) -> None:
    """A key put again has its new body."""
    tiles = SharedTiles(tmp_path, LIMIT)
    tiles.put("a", b"old")
    tiles.put("a", b"new")
    assert tiles.get("a") == b"new"


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "\0", "é" * 5000, "", "lock"])
def test_no_key_names_a_file(tmp_path: Path, key: str) -> None:
    """Keys may hold anything: names are hashes."""
    tiles = SharedTiles(tmp_path, LIMIT)
    tiles.put(key, b"tile")
    assert tiles.get(key) == b"tile"
    (path,) = files(tmp_path)
    assert set(path.name) <= set("0123456789abcdef")


@pytest.mark.parametrize("length", [0, 1, HEADER.size - 1, HEADER.size, 500])
def test_truncated_files_are_not_served(tmp_path: Path, length: int) -> None:
    """Whatever is left of a file: it is a miss, and removed."""
    tiles = SharedTiles(tmp_path, LIMIT)
    tiles.put("a", bytes(1000))
    (path,) = files(tmp_path)
    os.truncate(path, length)
    assert tiles.get("a") is None
    assert files(tmp_path) == []


@pytest.mark.parametrize("at", [0, 4, 8, HEADER.size, HEADER.size + 999, None])
def test_damaged_files_are_not_served(tmp_path: Path, at: int | None) -> None:
    """One bit anywhere, or a byte too many: it is a miss."""
    tiles = SharedTiles(tmp_path, LIMIT)
    tiles.put("a", random.Random(1).randbytes(1000))
    (path,) = files(tmp_path)
    data = bytearray(path.read_bytes())
    if at is None:
        data.append(0)
    else:
        data[at] ^= 1
    path.write_bytes(data)
    assert tiles.get("a") is None


def test_oldest_go_first(tmp_path: Path) -> None:
    """Over the limit the files that were written first are removed."""
    tiles = SharedTiles(tmp_path, LIMIT)
    for number in range(2 * LIMIT // 20_480):
        assert eventually(lambda key=str(number): _is_kept(tiles, key))
    assert taken(tmp_path) <= LIMIT
    assert tiles.get("0") is None
    assert tiles.get(str(number)) is not None
    assert eventually(lambda: abs(tiles.nbytes - taken(tmp_path)) < LIMIT // 8)


def test_large_bodies_are_not_kept(tmp_path: Path) -> None:
    """One that would drive out many others."""
    tiles = SharedTiles(tmp_path, LIMIT)
    tiles.put("a", bytes(LIMIT // 8))
    assert tiles.get("a") is None


def test_smaller_limit_holds_for_what_is_there(tmp_path: Path) -> None:
    """Files that a server with a larger limit left are swept at the start."""
    before = SharedTiles(tmp_path, LIMIT)
    for number in range(300):
        before.put(str(number), bytes(10_000))
    SharedTiles(tmp_path, LIMIT // 16)
    assert eventually(lambda: taken(tmp_path) <= LIMIT // 16)


WORKER = """
import random, sys
from pathlib import Path
from tests.test_sharedtiles import LIMIT, body_of
from tileserver.sharedtiles import SharedTiles
tiles = SharedTiles(Path(sys.argv[1]), LIMIT)
choice = random.Random(int(sys.argv[2]))
for _ in range(int(sys.argv[3])):
    key = str(choice.randrange(4000))
    found = tiles.get(key)
    if found is None:
        tiles.put(key, body_of(key))
    elif found != body_of(key):
        sys.exit(f"{key}: {len(found)} bytes of something else")
print(tiles.hits, tiles.misses)
"""


def worker(folder: Path, seed: int, rounds: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WORKER, str(folder), str(seed), str(rounds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_processes_at_once(tmp_path: Path) -> None:
    """Four that read, write and sweep see only whole bodies of their keys, within the limit."""
    workers = [worker(tmp_path, seed, 8000) for seed in range(4)]
    most = 0
    while any(each.poll() is None for each in workers):
        most = max(most, taken(tmp_path))
        time.sleep(0.02)
    counts = [each.communicate()[0].split() for each in workers]
    assert [each.returncode for each in workers] == [0] * 4
    assert all(int(hits) > 500 and int(misses) > 500 for hits, misses in counts), counts
    assert most <= LIMIT
    assert most > LIMIT // 2


def test_killed_processes_harm_nothing(tmp_path: Path) -> None:
    """What they held is let go of, and what they half wrote is swept."""
    for seed in range(3):
        killed = worker(tmp_path, seed, 10**9)
        assert eventually(lambda: len(files(tmp_path)) > 200)
        killed.send_signal(signal.SIGKILL)
        killed.communicate()
    (folder,) = tmp_path.iterdir()
    half = folder / ".0123456789abcdef-7"
    half.write_bytes(b"TST1")
    long_ago = time.time() - 2 * ABANDONED_S
    os.utime(half, (long_ago, long_ago))
    last = worker(tmp_path, 9, 4000)
    last.communicate(timeout=WITHIN_S * 3)
    assert last.returncode == 0
    assert taken(tmp_path) <= LIMIT
    SharedTiles(tmp_path, LIMIT // 16)
    assert eventually(lambda: not half.exists())


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    """Neither read, counted nor removed; nor is a link followed."""
    tiles = SharedTiles(tmp_path, LIMIT)
    tiles.put("a", b"tile")
    (path,) = files(tmp_path)
    mine = path.with_name("thesis.txt")
    mine.write_bytes(bytes(2 * LIMIT))
    target = tmp_path / "elsewhere"
    path.rename(target)
    path.symlink_to(target)
    SharedTiles(tmp_path, LIMIT // 16)
    assert tiles.get("a") is None
    assert mine.stat().st_size == 2 * LIMIT


def test_folder_that_vanishes(tmp_path: Path) -> None:
    """All are misses; it is made anew with the first put, which is not kept."""
    tiles = SharedTiles(tmp_path / "deep", LIMIT)
    tiles.put("a", b"tile")
    shutil.rmtree(tmp_path / "deep")
    assert tiles.get("a") is None
    tiles.put("b", b"tile")
    tiles.put("c", b"tile")
    assert (tiles.get("b"), tiles.get("c")) == (None, b"tile")


def test_folder_of_others(tmp_path: Path) -> None:
    """A folder in which others may plant files is refused."""
    (tmp_path / f"tileserver-{os.geteuid()}").mkdir()
    (tmp_path / f"tileserver-{os.geteuid()}").chmod(0o777)
    with pytest.raises(PermissionError, match="others may write there"):
        SharedTiles(tmp_path, LIMIT)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount: nothing to fill")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_full_disk(small_disk: Path) -> None:
    """A disk smaller than the limit takes what it can, and the newest in place of the oldest."""
    tiles = SharedTiles(small_disk, LIMIT)
    tiles.put("oldest", bytes(20_000))
    time.sleep(0.05)  # the clock of files ticks every 4 ms
    for number in range(60):
        assert eventually(lambda key=str(number): _is_kept(tiles, key))
    assert tiles.get("oldest") is None


def _is_kept(tiles: SharedTiles, key: str) -> bool:
    tiles.put(key, bytes(20_000))
    return tiles.get(key) == bytes(20_000)
