"""One budget of memory is dealt to the caches, and is not overdrawn."""

from hypothesis import given
from hypothesis import strategies as st

from tileserver.budget import Budget


@given(st.integers(16 << 20, 1 << 42), st.integers(1, 256), st.booleans())
def test_caches_of_all_workers_fill_the_budget(memory: int, workers: int, is_shared: bool) -> None:
    """Together they hold the memory, but for a part for what holds them, and not a byte more."""
    budget = Budget(memory, workers, is_shared)
    own = budget.chunks + budget.tiles + budget.plans + budget.answers
    total = workers * own + budget.shared_tiles
    assert 0.95 * memory - 5 * workers - 1 <= total <= 0.97 * memory


def test_shared_tiles_are_not_multiplied() -> None:
    """What workers share is taken from what each would keep, and counts once."""
    alone, shared = Budget(1 << 30, 4), Budget(1 << 30, 4, is_shared=True)
    assert alone.shared_tiles == 0
    assert abs(shared.shared_tiles - 2 * alone.tiles) <= 2
    assert abs(2 * shared.tiles - alone.tiles) <= 2
