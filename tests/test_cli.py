"""The command line: what goes wrong is told in one line, and nothing is cut in narrow terminals."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

NARROW = {"COLUMNS": "80", "TERM": "dumb"}


def tileserver(*words: str, columns: int = 80) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tileserver", *words],
        env={**os.environ, **NARROW, "COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def refused(*words: str) -> str:
    """What is said of a command that fails."""
    done = tileserver(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    return done.stderr.strip()


@pytest.mark.parametrize("columns", [80, 120])
def test_inspect_cuts_nothing(demo_data: Path, columns: int) -> None:
    """Every fact of every variable is there in full, within the width."""
    done = tileserver("inspect", "model", "--catalog", str(demo_data), columns=columns)
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= columns
    assert "…" not in done.stdout
    for fact in ("OGC:CRS84", "level (hPa)", "msl", "float32", "1 chunk, ", "2024-01-14T00:00:00Z"):
        assert fact in done.stdout


def test_inspect_tells_from_which_zoom_tiles_are_drawn(
    demo_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them where the limits allow the whole map, else the first that reads no more."""
    land = str(demo_data.parent / "land.zarr")
    zooms = re.compile(r"^elevation .* zoom (\d+)", re.MULTILINE)
    whole = zooms.search(tileserver("inspect", land, columns=120).stdout)
    monkeypatch.setenv("TILESERVER_TILE_READ_CHUNKS", "1")
    part = zooms.search(tileserver("inspect", land, columns=120).stdout)
    assert whole
    assert part
    assert int(whole[1]) == 0 < int(part[1])


def test_inspect_reads_paths_stacks_and_storages(demo_data: Path, tmp_path: Path) -> None:
    """A path, a pattern with times, a named storage that is not there."""
    folder = demo_data.parent
    assert "sst" in tileserver("inspect", str(folder / "ocean.zarr")).stdout
    pattern = r"s2_(?P<time>\d{8})\.tif"
    stack = tileserver("inspect", f"{folder}/s2/*.tif", "--time-pattern", pattern)
    assert "EPSG:32632" in stack.stdout
    assert refused("inspect", "s3://b/c", "--storage", "lab") == (
        "storage='lab': no such storage (known: none: name its file with --catalog)"
    )
    assert refused("inspect", "gone.zarr") == "url: no such file or folder"


def test_datasets_lists_all(demo_data: Path) -> None:
    """Ids, titles, states, variables and times."""
    done = tileserver("datasets", "--catalog", str(demo_data), columns=120)
    assert done.returncode == 0
    for fact in ("ocean", "Global ocean", "ready", "true_color", "2021-01-01 – "):
        assert fact in done.stdout


def test_check_fails_where_a_dataset_does(demo_data: Path, tmp_path: Path) -> None:
    """0 if all is right, else 1 with the reason of each."""
    right = tileserver("check", "--catalog", str(demo_data))
    assert (right.returncode, right.stdout) == (0, "4 of 4 datasets can be served\n")
    path = tmp_path / "catalog.yaml"
    path.write_text("datasets: [{id: gone, url: gone.zarr}]")
    wrong = tileserver("check", "--catalog", str(path))
    assert (wrong.returncode, wrong.stdout) == (1, "0 of 1 datasets can be served\n")
    assert "gone: url: no such file or folder" in wrong.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("serve",), "catalog is missing"),
        (("serve", "--catalog", "gone.yaml"), "gone.yaml: no such file or folder"),
        (("serve", "--prt", "5"), "--prt: no such flag"),
        (("serve", "--port", "99999"), "TILESERVER_PORT: "),
        (("serve", "--log-level", "loud"), "TILESERVER_LOG_LEVEL: "),
        (("serve", "--trusted-proxies", "near"), "TILESERVER_TRUSTED_PROXIES: "),
        (("check", "--catalog", "gone.yaml"), "gone.yaml: no such file or folder"),
        (("check",), "catalog is missing"),
    ],
)
def test_wrong_use_is_told_in_a_line(words: tuple[str, ...], message: str) -> None:
    """The flag or file, and what is wrong with it."""
    told = refused(*words)
    assert told.startswith(message)
    assert "\n" not in told


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("styles: {v: {rescale: [5, 1]}}", "rescale='5,1': expected low,high"),
        ("styles: {v: {rescale: [0, 1], scale: log}}", "log needs a range above zero"),
        ("composites: {c: {expression: v +}}", "expression='v +': cannot be read"),
    ],
)
def test_styles_are_checked_with_the_file(tmp_path: Path, entry: str, message: str) -> None:
    """What no tile could be drawn with is found when the file is read."""
    path = tmp_path / "catalog.yaml"
    path.write_text(f"datasets:\n- id: a\n  url: x.zarr\n  {entry}\n")
    told = refused("check", "--catalog", str(path))
    assert told.startswith(f"{path}:4: datasets.0.")
    assert message in told


def test_folder_of_shared_tiles_is_tried(tmp_path: Path) -> None:
    """One that cannot be used is told in one line, before the server starts."""
    taken, catalog = tmp_path / "file", tmp_path / "catalog.yaml"
    taken.write_text("not a folder")
    catalog.write_text("datasets: []")
    said = refused("serve", "--catalog", str(catalog), "--shared-tiles", str(taken), "--port", "0")
    assert said.startswith(f"shared_tiles={taken}: ")
    assert said.endswith("name a folder that this user may write to")


def test_url_of_redis_is_looked_at(tmp_path: Path) -> None:
    """Before the server starts, and nothing of it is told: it may hold a password."""
    (tmp_path / "catalog.yaml").write_text("datasets: []")
    words = ("serve", "--catalog", str(tmp_path / "catalog.yaml"), "--redis", "redis://:secret@c:x")
    said = refused(*words)
    assert said.startswith("redis: expected redis://")
    assert "secret" not in said


def test_redis_without_its_extra_is_told(tmp_path: Path) -> None:
    """With what to install."""
    (tmp_path / "catalog.yaml").write_text("datasets: []")
    words = ("serve", "--catalog", str(tmp_path / "catalog.yaml"), "--redis", "redis://cache")
    program = f"from tileserver.cli import app; app({words})"
    hidden = f"import sys; sys.modules['redis'] = None; {program}"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "pip install 'tileserver[redis]'" in done.stderr


def test_setting_with_a_slip_is_told(tmp_path: Path) -> None:
    """What is meant is named; other programs' variables are nobody's business."""
    slips = {"TILESERVER_WORKRES": "2", "TILESERVER_CLIENTRATE": "5", "TILESERVER_IN_FLIHGT": "5"}
    others = {"TILESERVER_SERVICE_HOST": "x", "TILESERVER_LAB_ACCESS_KEY_ID": "x", "TILES": "x"}
    (tmp_path / "file").write_text("not a folder")
    (tmp_path / "catalog.yaml").write_text("datasets: []")
    words = ("serve", "--catalog", "catalog.yaml", "--shared-tiles", "file", "--port", "0")
    done = subprocess.run(
        [sys.executable, "-m", "tileserver", *words],
        env={**os.environ, **NARROW, **slips, **others},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    *told, last = done.stderr.splitlines()
    assert told == [
        "TILESERVER_CLIENTRATE: no such setting: is TILESERVER_CLIENT_RATE meant?",
        "TILESERVER_IN_FLIHGT: no such setting: is TILESERVER_IN_FLIGHT meant?",
        "TILESERVER_WORKRES: no such setting: is TILESERVER_WORKERS meant?",
    ]
    assert last.startswith("shared_tiles=file: ")
