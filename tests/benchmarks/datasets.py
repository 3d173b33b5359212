"""`python -m tests.benchmarks.datasets [--count 10000]`: a catalogue of very many datasets.

How long until the server is ready, what it holds then, and what it holds after a random walk
through them with a bound on how many are kept open.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from pathlib import Path

import zarr

from ..scale.cubes import noisy, write_cube

STORES = 200  # that the datasets share


def make(folder: Path, count: int) -> Path:
    """The stores, and their catalogue."""
    warnings.simplefilter("ignore")
    for number in range(STORES):
        path = write_cube(folder / f"c{number}.zarr", {"t": noisy(3, 36, 72)}, chunks=(1, 36, 72))
        zarr.consolidate_metadata(zarr.open_group(path, mode="r+").store)
    entries = (
        f"  - {{id: d{n:05d}, title: Dataset {n}, url: c{n % STORES}.zarr, theme: Part {n % 50}}}\n"
        for n in range(count)
    )
    catalog = folder / "catalog.yaml"
    catalog.write_text("datasets:\n" + "".join(entries))
    return catalog


def resident_mib(process: int) -> float:
    """What a process holds."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--walk", type=int, default=3000, help="tiles of datasets at random")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        catalog = make(Path(folder), args.count)
        command = [sys.executable, "-m", "tileserver", "serve", "--port", "0"]
        begun = time.perf_counter()
        with subprocess.Popen(
            [*command, "--catalog", str(catalog), "--memory", "64MiB"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TILESERVER_OPEN_DATASETS": "200"},
        ) as server:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            print(f"ready after {time.perf_counter() - begun:.2f} s")
            print(f"{resident_mib(server.pid):.0f} MiB at the start")
            chance = random.Random(1)
            for step in range(args.walk):
                dataset = f"d{chance.randrange(args.count):05d}"
                with urllib.request.urlopen(f"{url}tiles/{dataset}/t/0/0/0.png") as answer:
                    assert answer.status == 200
                if (step + 1) % (args.walk // 3) == 0:
                    print(f"{resident_mib(server.pid):.0f} MiB after {step + 1} datasets")
            server.terminate()


if __name__ == "__main__":
    main()
