"""STAC Items, ItemCollections and Collections as a cube: assets are variables, datetimes its times.

Each asset is a stack of files, one or several for each time, on a grid of its own; what the items
say of their places saves opening all files. An Item whose asset is Zarr is that Zarr.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tileserver.cube import Cube, Variable
from tileserver.errors import CatalogError, SourceError, SourceUnavailable, shown
from tileserver.sources.merged import MergedSource, merge
from tileserver.sources.shelf import Shelf
from tileserver.sources.source import Source
from tileserver.sources.stac.document import Documents, read_documents
from tileserver.sources.stac.field import mapping, text
from tileserver.sources.stac.item import Asset, Item, read_item
from tileserver.sources.stac.location import Chooser
from tileserver.sources.stac.render import by_variables, read_renders
from tileserver.sources.stac.zarrs import Part, common_part, variables_of
from tileserver.sources.storage.store import Store
from tileserver.sources.tiff.note import Note
from tileserver.sources.tiff.stack import Stack, steps_of
from tileserver.sources.tiff.stacked import Member, StackSource
from tileserver.sources.watch import AllWatches, digest
from tileserver.sources.zarr.cube import Opening, open_zarr

ENDINGS = (".json", ".geojson")
API = re.compile(r"https?://.*/(collections/[^/?]+(/items(/[^/?]+)?)?|search)/?(\?.*)?")
REMEDY = "choose others by the dataset's assets, or list items that are alike"


def is_stac(url: str) -> bool:
    """Whether a URL may be one of a STAC document, by its looks."""
    document = url.lower().endswith(ENDINGS) and "*" not in url
    return document or API.fullmatch(url) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Opener:
    """What opening the assets of a document takes."""

    shelf: Shelf
    opening: Opening

    async def open(self, chosen: Sequence[str] = ()) -> Source:
        """The cube of the shelf's root. Raises CatalogError, SourceError.

        Args:
            chosen: keys of the assets that become variables; else all that hold data.
        """
        documents = await read_documents(self.shelf, chosen)
        if documents.whole:
            return await self._zarr(documents.whole, documents)
        # In a thread: of ten thousand items it takes seconds.
        items = await asyncio.to_thread(
            lambda: [read_item(document, url, chosen) for document, url in documents.items]
        )
        keys = list(dict.fromkeys(asset.key for item in items for asset in item.assets))
        if missing := [key for key in chosen if key not in keys]:
            raise CatalogError(f"assets: no item has {missing[0]!r}")
        if not keys:
            raise CatalogError("url: no asset of the items is a GeoTIFF or Zarr that holds data")
        files = {}
        for key in keys:
            found = [each for each in _assets(items, key) if each[1].kind == "tiff"]
            if found:
                files[key] = found
        if files:
            return await self._stacks(files, documents)
        return await self._zarr([each for item in items for each in item.assets], documents)

    async def _zarr(self, assets: Sequence[Asset], documents: Documents) -> Source:
        """The one Zarr store that the items name, or the collection itself."""
        part = common_part(assets, Chooser(self.shelf))
        store = await part.shelf.folder(part.url)
        try:
            source = await open_zarr(store, self._inside(part))
        except CatalogError:
            if not part.group:
                raise
            source = await open_zarr(store, self._inside(part.above()))  # of an array
        made_of = {asset.key: variables_of(asset, source.cube) for asset in assets}
        about = _described(source.cube, documents, made_of)
        version = digest([documents.version, source.version])
        watch = AllWatches([documents.watch, source.watch])
        return replace(source, cube=about, version=version, watch=watch)

    def _inside(self, part: Part) -> Opening:
        """With the dataset's group counted from that of the assets."""
        return replace(self.opening, group=f"{part.group}/{self.opening.group}".strip("/"))

    async def _stacks(
        self, files: Mapping[str, Sequence[tuple[Item, Asset]]], documents: Documents
    ) -> MergedSource:
        """All assets that can be opened, as variables."""
        found = await asyncio.gather(
            *(self._stack(each, documents.version) for each in files.values()),
            return_exceptions=True,
        )
        stacks: list[tuple[StackSource, dict[str, str]]] = []
        assets: dict[str, Asset] = {}
        faults: list[str] = []
        for (key, ((_, asset), *_)), each in zip(files.items(), found, strict=True):
            if isinstance(each, StackSource):
                ids = _ids(each, asset)
                stacks.append((each, ids))
                assets |= dict.fromkeys(ids, asset)
            elif isinstance(each, SourceUnavailable) or not isinstance(
                each, CatalogError | SourceError
            ):
                raise each
            else:
                faults.append(f"asset {shown(key)!r}: {each}")
        if not stacks:
            raise CatalogError(faults[0])
        watch = AllWatches([documents.watch, *(stack.watch for stack, _ in stacks)])
        version = digest([documents.version, *(stack.version for stack, _ in stacks)])
        merged = merge(stacks, version, watch)
        return replace(merged, cube=_told(merged.cube, documents, assets, faults))

    async def _stack(self, found: Sequence[tuple[Item, Asset]], version: str) -> StackSource:
        """The files of one asset."""
        crs = {asset.crs for _, asset in found if asset.crs is not None}
        if len(crs) > 1:
            raise CatalogError(f"its files lie in {len(crs)} CRS ({_listed(crs)}): {REMEDY}")
        chooser = Chooser(self.shelf)
        places = await asyncio.gather(*(_place(asset, chooser) for _, asset in found))
        members = [
            Member(
                number,
                store,
                key,
                place=asset.place,
                crs=self.opening.crs or asset.crs,
                hint=asset.notes,
                notes=asset.notes,
            )
            for number, ((store, key), (_, asset)) in enumerate(zip(places, found, strict=True))
        ]
        times = (item.seconds for item, _ in found)
        steps = steps_of(list(zip(members, times, strict=True)))
        return await Stack(steps, version, None).open(self.opening.cache, self.opening.pool)


async def _place(asset: Asset, chooser: Chooser) -> tuple[Store, str]:
    """The store and key of the first of an asset's places that may be read."""
    url, shelf = chooser.choose(asset.locations)
    return await shelf.find(url)


def _assets(items: Sequence[Item], key: str) -> list[tuple[Item, Asset]]:
    """An asset of all items that have it."""
    return [(item, asset) for item in items for asset in item.assets if asset.key == key]


def _listed(texts: Iterable[str]) -> str:
    shown_texts = sorted(map(shown, texts))
    return ", ".join(shown_texts[:5]) + (", …" if len(shown_texts) > 5 else "")


def _ids(stack: StackSource, asset: Asset) -> dict[str, str]:
    """The stack's variables by their ids in the cube: the asset's key, with the band's name where
    it has several."""
    own = list(stack.cube.variables)
    if len(own) == 1:
        return {_fit(asset.key): own[0]}
    notes = asset.notes if len(asset.notes) == len(own) else (Note(),) * len(own)
    bands = [_fit(note.name or note.color or name) for note, name in zip(notes, own, strict=True)]
    if len(set(bands)) < len(bands):
        bands = own
    return {f"{_fit(asset.key)}.{band}": name for band, name in zip(bands, own, strict=True)}


def _fit(name: str) -> str:
    """A name made fit for URLs."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_.-") or "asset"


def _told(
    cube: Cube, documents: Documents, assets: Mapping[str, Asset], faults: Sequence[str]
) -> Cube:
    """The cube with what the document says for people."""
    variables = {
        name: replace(variable, title=_title(variable, assets[name]))
        for name, variable in cube.variables.items()
    }
    made_of: dict[str, list[str]] = {}
    for name in cube.variables:
        made_of.setdefault(assets[name].key, []).append(name)
    told = replace(cube, variables=variables, warnings=(*cube.warnings, *faults))
    return _described(told, documents, made_of)


def _described(cube: Cube, documents: Documents, variables: Mapping[str, Sequence[str]]) -> Cube:
    """With title, description and renders of the document, else of the first item.

    Args:
        variables: their ids by the asset that they are of.
    """
    root = documents.root
    properties = mapping(root.get("properties"))
    renders = read_renders(root)
    if not renders and documents.items:
        renders = read_renders(documents.items[0][0])
    return replace(
        cube,
        title=text(root.get("title")) or text(properties.get("title")) or cube.title,
        description=text(root.get("description"))
        or text(properties.get("description"))
        or cube.description,
        warnings=(*cube.warnings, *documents.warnings),
        renders=by_variables(renders, variables),
    )


def _title(variable: Variable, asset: Asset) -> str | None:
    known = variable.title or asset.title
    if len(asset.notes) == 1:
        known = asset.title or variable.title or asset.notes[0].color
    return known
