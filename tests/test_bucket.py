"""Token buckets: as many at once as the burst, then as many as the rate, whoever else asks."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tileserver.bucket import SLOTS, LocalBuckets, Rate, take


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Plain:
    """A token bucket as textbooks have it."""

    def __init__(self, rate: Rate) -> None:
        self.rate, self.tokens, self.at = rate, float(rate.burst), 0.0

    def take(self, now: float) -> bool:
        more = (now - self.at) * self.rate.per_s
        self.tokens, self.at = min(self.rate.burst, self.tokens + more), now
        if self.tokens < 1 - 1e-6:
            return False
        self.tokens -= 1
        return True


@given(
    st.sampled_from([0.5, 1.0, 7.0, 100.0]),
    st.integers(1, 20),
    st.lists(st.sampled_from([0.0, 0.001, 0.013, 0.25, 3.0]), max_size=60),
)
def test_like_the_plain_bucket(per_s: float, burst: int, gaps: list[float]) -> None:
    """Granted and refused as by counting tokens; a refusal says when there is one."""
    rate, now, lacking_s = Rate(per_s, burst), 0.0, 0.0
    plain = Plain(rate)
    for gap in gaps:
        now, lacking_s = now + gap, lacking_s - gap
        before = lacking_s
        lacking_s, taken = take(rate, lacking_s)
        assert taken.is_granted == plain.take(now)
        if taken.is_granted:
            assert taken.left == math.floor(plain.tokens + 1e-6)
        else:
            assert take(rate, before - taken.wait_s - 1e-6)[1].is_granted
            assert not take(rate, before - taken.wait_s * 0.9)[1].is_granted


def test_clients_have_buckets_of_their_own() -> None:
    """One that is empty takes nothing from others, and fills again."""
    clock = Clock()
    buckets = LocalBuckets(Rate(2, 3), clock=clock)
    assert [buckets.take_now("a").is_granted for _ in range(5)] == [True] * 3 + [False] * 2
    assert buckets.take_now("b").left == 2
    assert buckets.take_now("a").wait_s == pytest.approx(0.5)
    clock.now += 1
    assert [buckets.take_now("a").is_granted for _ in range(3)] == [True, True, False]


def test_more_clients_than_slots() -> None:
    """Those who came last are remembered, however many came before."""
    clock = Clock()
    buckets = LocalBuckets(Rate(1, 2), clock=clock)
    for number in range(2 * SLOTS):
        clock.now += 1e-6
        buckets.take_now(str(number))
    latest = [str(2 * SLOTS - 1 - n) for n in range(100)]
    assert all(buckets.take_now(client).left == 0 for client in latest)


def test_processes_share_a_table(tmp_path: Path) -> None:
    """What another process took is gone here."""
    file = tmp_path / "clients"
    buckets = LocalBuckets(Rate(0.001, 5), file)
    code = (
        "import sys; from pathlib import Path; from tileserver.bucket import *; "
        "b = LocalBuckets(Rate(0.001, 5), Path(sys.argv[1])); b.take_now('a'); b.take_now('a')"
    )
    subprocess.run([sys.executable, "-c", code, str(file)], check=True)
    assert buckets.take_now("a").left == 2


def test_table_of_an_earlier_boot(tmp_path: Path) -> None:
    """Times that lie far ahead count as an empty bucket, not as more than that."""
    clock = Clock()
    file = tmp_path / "clients"
    LocalBuckets(Rate(1, 5), file, clock).take_now("a")
    clock.now = 0.0
    buckets = LocalBuckets(Rate(1, 5), file, clock)
    assert buckets.take_now("a").wait_s == pytest.approx(1)
    clock.now = 1.01
    assert buckets.take_now("a").is_granted
