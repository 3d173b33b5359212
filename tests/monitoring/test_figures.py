"""Figures of several workers as one."""

import asyncio
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from tileserver.monitoring.figures import Figures, Told


class Fixed(Collector):
    """Tells one of everything."""

    def __init__(self, count: float, held: float = 0, age: float = 0) -> None:
        self.count, self._held, self._age = count, held, age

    def collect(self) -> Iterable[Metric]:
        yield CounterMetricFamily("tileserver_done", "Done", self.count)
        yield GaugeMetricFamily("tileserver_held", "Held", self._held)
        yield GaugeMetricFamily("tileserver_dataset_looked_seconds", "Age", self._age)


def worker(folder: Path, *collectors: Collector) -> Figures:
    figures = Figures(str(folder))
    for collector in collectors:
        figures.register(collector)
    return figures


def told(figures: Figures) -> dict[str, float]:
    families = asyncio.run(figures.gather())
    return {s.name: s.value for metric in Told(families).collect() for s in metric.samples}


def test_workers_are_summed(tmp_path: Path) -> None:
    """Counters and what is held are added; of ages the least counts: one looks for all."""
    one = worker(tmp_path, Fixed(1, held=10, age=5))
    two = worker(tmp_path, Fixed(2, held=20, age=3))
    assert (one.worker, two.worker) == (1, 2)
    two.write()
    assert told(one) == {
        "tileserver_done_total": 3,
        "tileserver_held": 30,
        "tileserver_dataset_looked_seconds": 3,
    }


def test_worker_that_ends_leaves_its_counts(tmp_path: Path) -> None:
    """Counters never fall; what it held is held no more."""
    one, two = worker(tmp_path, Fixed(1, held=10)), worker(tmp_path, Fixed(2, held=20))
    two.close()
    assert told(one)["tileserver_done_total"] == 3
    assert told(one)["tileserver_held"] == 10


def test_next_worker_goes_on_from_there(tmp_path: Path) -> None:
    """It takes the place, and no count is told twice."""
    one, two = worker(tmp_path, Fixed(1)), worker(tmp_path, Fixed(2))
    one.write()
    two.close()
    new = Fixed(0, held=7)
    three = worker(tmp_path, new)
    assert three.worker == 2
    assert told(one)["tileserver_done_total"] == told(three)["tileserver_done_total"] == 3
    new.count = 5
    three.write()
    assert told(one)["tileserver_done_total"] == told(three)["tileserver_done_total"] == 8
    assert told(one)["tileserver_held"] == 7


def test_worker_that_is_killed(tmp_path: Path) -> None:
    """Its lock goes with it: what it had written counts, and its place is free."""
    program = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.monitoring.test_figures import Fixed, worker\n"
        "figures = worker(Path(sys.argv[1]), Fixed(4, held=9)); figures.write()\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False)
    assert killed.returncode < 0
    other = worker(tmp_path, Fixed(1, held=1))
    assert (other.worker, told(other)["tileserver_done_total"]) == (1, 5)
    assert told(other)["tileserver_held"] == 1


def test_file_that_is_damaged_is_passed_over(tmp_path: Path) -> None:
    """Half a file, or another's, is as none."""
    one, two = worker(tmp_path, Fixed(1)), worker(tmp_path, Fixed(2))
    two.write()
    (tmp_path / "2.json").write_bytes((tmp_path / "2.json").read_bytes()[:-9])
    assert told(one)["tileserver_done_total"] == 1
    (tmp_path / "2.json").write_text('{"a": 1}')
    assert told(one)["tileserver_done_total"] == 1


def test_full_disk_harms_nothing(tmp_path: Path) -> None:
    """What cannot be written is not told to the others; the worker itself goes on."""
    one = worker(tmp_path, Fixed(1))
    (tmp_path / "1.new").mkdir()
    one.write()
    assert told(one)["tileserver_done_total"] == 1


def test_one_worker_needs_no_folder() -> None:
    """It tells of itself, and writes nothing."""
    figures = Figures("")
    figures.register(Fixed(3))
    figures.close()
    assert told(figures)["tileserver_done_total"] == 3
