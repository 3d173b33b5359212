"""Stores of EOPF products: metadata trees, filled with made-up numbers in a few chunks."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from affine import Affine

from tests.formats.truth import Separable, Truth

Tree = Mapping[str, Any]
GROUP = {"zarr_format": 2}
CLASSES = 12  # of a mask: its numbers modulo so many


def nodes(tree: Tree, path: str = "") -> Iterator[tuple[str, Tree]]:
    """All nodes of a tree by path, groups before what is in them."""
    yield path, tree
    for name, member in (tree.get("members") or {}).items():
        yield from nodes(member, f"{path}/{name}".strip("/"))


def member(tree: Tree, path: str) -> Tree:
    """One node."""
    return dict(nodes(tree))[path]


def write_tree(tree: Tree, path: Path) -> zarr.Group:
    """The tree as a store with consolidated metadata and no chunk, of either format."""
    consolidated: dict[str, Any] = {}
    for name, node in nodes(tree):
        folder = path / name
        folder.mkdir(parents=True)
        document = {k: v for k, v in node.items() if k != "members"}
        if tree["zarr_format"] == 3:
            consolidated[name] = document
            (folder / "zarr.json").write_text(json.dumps(document))
            continue
        attributes = document.pop("attributes", {})
        kind, content = (".zarray", document) if "shape" in document else (".zgroup", GROUP)
        for key, value in ((kind, content), (".zattrs", attributes)):
            consolidated[f"{name}/{key}".strip("/")] = value
            (folder / key).write_text(json.dumps(value))
    if tree["zarr_format"] == 3:
        inner = {"kind": "inline", "must_understand": False}
        root = consolidated.pop("") | {"consolidated_metadata": {**inner, "metadata": consolidated}}
        (path / "zarr.json").write_text(json.dumps(root))
    else:
        about = {"metadata": consolidated, "zarr_consolidated_format": 1}
        (path / ".zmetadata").write_text(json.dumps(about))
    return zarr.open_group(path, mode="r+")


def made_up(number: int, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """The stored number of a cell of a level; no two near ones are alike."""
    return (rows * 7 + cols * 13 + 37 * number) % 113 + 1000


@dataclass(frozen=True)
class Sparse(Truth):
    """A level too large to be read whole: its numbers by the rule that wrote them.

    Args:
        number: of the level.
        written: rows and columns from the first, beyond which no chunk is.
    """

    number: int = 0
    written: tuple[int, int] = (0, 0)
    scale: float = 1.0
    offset: float = 0.0
    missing: float = np.nan

    def expected(self, rows: np.ndarray, cols: np.ndarray, ask: Mapping[str, str]) -> np.ndarray:
        height, width = self.place.shape
        inside = (rows >= 0) & (rows <= height) & (cols >= 0) & (cols <= width)
        row = np.clip(np.nan_to_num(rows), 0, height - 1e-9).astype(int)
        col = np.clip(np.nan_to_num(cols), 0, width - 1e-9).astype(int)
        values = made_up(self.number, row, col) * self.scale + self.offset
        known = (row < self.written[0]) & (col < self.written[1])
        return np.where(inside, np.where(known, values, self.missing), np.nan)[None]


def fill(array: zarr.Array, number: int, most: tuple[int, int]) -> tuple[int, int]:
    """Writes the first rows and columns, in whole chunks; how many."""
    step = array.shards or array.chunks
    height, width = (
        min(n, -(-limit // s) * s) for n, limit, s in zip(array.shape, most, step, strict=True)
    )
    rows, cols = np.arange(height)[:, None], np.arange(width)[None, :]
    numbers = made_up(number, rows, cols)
    array[:height, :width] = (numbers % CLASSES if array.dtype.itemsize == 1 else numbers).astype(
        array.dtype
    )
    return height, width


def place_axes(group: zarr.Group, to_crs: Affine) -> None:
    """The coordinates x and y of a group's arrays."""
    x, y = group["x"], group["y"]
    x[:] = to_crs.c + to_crs.a * (np.arange(x.shape[0]) + 0.5)
    y[:] = to_crs.f + to_crs.e * (np.arange(y.shape[0]) + 0.5)


def level(
    root: zarr.Group, path: str, number: int, to_crs: Affine, crs: str, most: tuple[int, int]
) -> Sparse:
    """Fills an array and the coordinates of its group; what it then holds."""
    array = root[path]
    place_axes(root[path.rpartition("/")[0]], to_crs)
    written = fill(array, number, most)
    attrs = array.attrs
    scale, offset = float(attrs.get("scale_factor", 1)), float(attrs.get("add_offset", 0))
    # In format 2 the fill value marks what is missing; where it is null nothing does.
    missing = np.nan if array.metadata.fill_value is not None else offset
    sample = made_up(number, np.arange(40)[:, None], np.arange(40)[None, :]) * scale + offset
    place = Separable.of_affine(crs, to_crs, array.shape[-2:])
    return Sparse(place, lambda ask: sample, number, written, scale, offset, missing)


def load(path: Path) -> Tree:
    """A tree of a file."""
    tree: Tree = json.loads(path.read_text())
    return tree


def resolutions(tree: Tree, group: str, name: str) -> Sequence[str]:
    """The paths of a band in groups named by cell size, the finest first."""
    found = [
        f"{group}/{level}/{name}"
        for level, node in member(tree, group)["members"].items()
        if name in node["members"]
    ]
    return sorted(found, key=lambda path: -member(tree, path)["shape"][0])
