"""What workers tell each other: seen by all, of each dataset apart, and safe from other files."""

import multiprocessing
import time
from pathlib import Path

import pytest

from tileserver.noticeboard import ROWS, Noticeboard, number_of


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "board")


def test_numbers_are_of_all_who_have_the_file(path: str) -> None:
    """Whatever datasets each of them knows, and in which order."""
    mine, other = Noticeboard(path, ["a", "b"]), Noticeboard(path, ["c", "b"])
    assert [mine.generation(name) for name in "ab"] == [0, 0]
    generation = mine.renew("b")
    assert (other.generation("b"), other.generation("c"), mine.generation("a")) == (
        generation,
        0,
        0,
    )
    other.tell("b", "version")
    assert (mine.found("b"), mine.found("a")) == (number_of("version"), 0)


def renew(path: str) -> None:
    Noticeboard(path, ["a"]).renew("a")


def test_other_processes(path: str) -> None:
    """A number that another process writes is read here."""
    board = Noticeboard(path, ["a"])
    process = multiprocessing.get_context("spawn").Process(target=renew, args=(path,))
    process.start()
    process.join()
    assert board.generation("a") > 0


def test_generations_rise(path: str) -> None:
    """Each is later than the one before, also than those of a file that is gone."""
    board = Noticeboard(path, ["a"])
    found = [board.renew("a") for _ in range(100)]
    Path(path).unlink()
    again = Noticeboard(path, ["a"])
    assert again.generation("a") == 0
    found.append(again.renew("a"))
    assert found == sorted(set(found))


def test_one_looks_for_all(path: str) -> None:
    """Who asks within the time after another is told no."""
    mine, other = Noticeboard(path, ["a", "b"]), Noticeboard(path, ["a", "b"])
    assert [board.claim("a", 0.05) for board in (mine, other, mine)] == [True, False, False]
    assert other.claim("b", 0.05)
    time.sleep(0.06)
    assert other.claim("a", 0.05)


def test_of_this_process_alone() -> None:
    """Without a file nobody else sees it."""
    mine, other = Noticeboard("", ["a"]), Noticeboard("", ["a"])
    mine.renew("a")
    assert (other.generation("a"), mine.is_shared) == (0, False)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """A file of another kind, one behind a link, a folder."""
    path = tmp_path / "catalog.yaml"
    path.write_text("datasets: []" * 100_000)
    with pytest.raises(ValueError, match="something else"):
        Noticeboard(str(path), ["a"])
    assert path.read_text() == "datasets: []" * 100_000
    (tmp_path / "link").symlink_to(path)
    for name in ("link", ".", "none/board"):
        with pytest.raises(OSError, match=name.rstrip("./") or "."):
            Noticeboard(str(tmp_path / name), ["a"])


def test_many_datasets(path: str) -> None:
    """Thousands have rows of their own; too many are refused."""
    names = [f"dataset-{n}" for n in range(5000)]
    board = Noticeboard(path, names)
    for name in names:
        board.tell(name, name)
    assert all(board.found(name) == number_of(name) for name in names)
    with pytest.raises(ValueError, match="more than"):
        Noticeboard("", map(str, range(ROWS + 1)))
