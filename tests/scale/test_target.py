"""Where copies are written, on disk."""

from pathlib import Path

from tileserver.scale.target import Target


def test_what_was_being_written_is_swept(tmp_path: Path) -> None:
    """obstore writes `a#1` before it is `a`; other names with a # are somebody's own."""
    target = Target(str(tmp_path))
    for name in ("x.zarr/c/0", "x.zarr/c/n#te"):
        target.put(name, b"kept")
    (tmp_path / "x.zarr" / "c" / "1#1").write_bytes(b"ha")
    (tmp_path / "y.zarr").mkdir()
    (tmp_path / "y.zarr" / "1#1").write_bytes(b"ha")
    target.sweep("x.zarr")
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"0", "n#te", "1#1"}
    target.remove("y.zarr")
    target.remove("x.zarr")
    assert list(tmp_path.iterdir()) == []
