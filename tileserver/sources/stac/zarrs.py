"""The one Zarr store that a document's assets are of, where they may be groups or arrays of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tileserver.cube import Cube
from tileserver.errors import CatalogError
from tileserver.sources.shelf import Shelf
from tileserver.sources.stac.item import Asset
from tileserver.sources.stac.location import Chooser

STORE = re.compile(r"(.*\.zarr)(?:/(.*))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A group in a store: all of it, or what assets have in common.

    Args:
        shelf: what it is read through.
        group: its path in the store, "" for all.
    """

    url: str
    shelf: Shelf
    group: str = ""

    def above(self) -> Part:
        """The group that it is in."""
        return Part(self.url, self.shelf, self.group.rpartition("/")[0])


def common_part(assets: Sequence[Asset], chooser: Chooser) -> Part:
    """The least that holds all assets. Raises CatalogError where they are of several stores."""
    shelves: dict[str, Shelf] = {}
    for asset in assets:
        url, shelf = chooser.choose(asset.locations)
        url = url.rstrip("/")
        shelves[url.rpartition("/")[0] if asset.is_array else url] = shelf
    urls = sorted(shelves)
    outer = [url for url in urls if not any(url.startswith(f"{other}/") for other in urls)]
    parts = [_part(url, shelves[url]) for url in outer]
    if len({part.url for part in parts}) > 1:
        raise CatalogError(
            f"url: the items name {len(parts)} Zarr stores: register each by its own url, or "
            "choose one by the dataset's assets"
        )
    return Part(parts[0].url, parts[0].shelf, _common([part.group for part in parts]))


def _part(url: str, shelf: Shelf) -> Part:
    """By the ending of the store's name, whose metadata tell of all that is in it."""
    match = STORE.fullmatch(url)
    if match is None or not match[2] or not shelf.may_read(match[1]):
        return Part(url, shelf)
    return Part(match[1], shelf, match[2])


def _common(groups: Sequence[str]) -> str:
    """The longest path that all begin with."""
    paths = [group.split("/") for group in groups]
    shared = []
    for names in zip(*paths, strict=False):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return "/".join(shared)


def variables_of(asset: Asset, cube: Cube) -> list[str]:
    """The ids of an asset's variables: those that its bands name, else all."""
    names = [note.name for note in asset.notes if note.name]
    found = [cube.find(name) or cube.find(name.lower()) for name in names]
    own = [variable.id for variable in found if variable is not None]
    return own or list(cube.variables)
