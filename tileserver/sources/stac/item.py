"""What an Item of a SpatioTemporal Asset Catalog says, read with caution: anybody may write one.

STAC 1.0 and 1.1 with the extensions proj, raster, eo, file, alternate, storage and zarr.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from affine import Affine

from tileserver.errors import CatalogError, shown
from tileserver.sources.stac.field import Json, mapping, numbers, sequence, text
from tileserver.sources.stac.location import Location, Terms, read_locations, read_terms
from tileserver.sources.tiff.note import Note
from tileserver.sources.tiff.placement import Place
from tileserver.timeaxis import NotAnInstant, parse_instant

Kind = Literal["tiff", "zarr"]
TIFF_TYPES = ("image/tiff", "image/vnd.stac.geotiff", "image/x.geotiff", "image/geotiff")
ZARR_TYPES = ("application/vnd+zarr", "application/vnd.zarr", "application/x-zarr")
TIFF_SUFFIXES = (".tif", ".tiff", ".cog", ".gtiff")
# Assets of these roles are no data, unless they are said to be data, too.
ASIDE = frozenset(["thumbnail", "overview", "metadata"])
# What an asset may say once for all of its bands.
SHARED = ("nodata", "unit", "raster:scale", "raster:offset", "raster:nodata", "raster:unit")
DATA = frozenset(["data", "visual", "reflectance"])


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of an item that can be shown.

    Args:
        locations: where it lies; the first that may be read is taken.
        crs: by proj, or None.
        place: by proj, of files whose grid is north-up; or None.
        notes: what is said of each band.
        is_array: it is one array of a Zarr store, by the extension zarr.
    """

    key: str
    kind: Kind
    locations: tuple[Location, ...]
    title: str | None
    crs: str | None
    place: Place | None
    notes: tuple[Note, ...]
    is_array: bool = False

    @property
    def urls(self) -> tuple[str, ...]:
        """Where it lies, absolute."""
        return tuple(each.url for each in self.locations)


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its time in seconds since 1970, and its assets."""

    id: str
    seconds: float
    assets: tuple[Asset, ...]


def read_item(document: Json, url: str, chosen: Sequence[str] = ()) -> Item:
    """An item whose document lies at a URL.

    Args:
        chosen: keys of assets; else all that hold data.

    Raises CatalogError for one that is none.
    """
    identity = shown(text(document.get("id")) or "?")
    properties = mapping(document.get("properties"))
    return Item(identity, _seconds(properties, identity), read_assets(document, url, chosen))


def read_assets(document: Json, url: str, chosen: Sequence[str] = ()) -> tuple[Asset, ...]:
    """The files of an item, or of a collection, that can be shown. Raises CatalogError."""
    properties, terms = mapping(document.get("properties")), read_terms(document)
    assets = (
        _asset(key, mapping(value), properties, url, chosen, terms)
        for key, value in mapping(document.get("assets")).items()
    )
    return tuple(asset for asset in assets if asset is not None)


def _seconds(properties: Json, identity: str) -> float:
    for name in ("datetime", "start_datetime", "end_datetime"):
        value = text(properties.get(name))
        if value is not None:
            try:
                return parse_instant(value)
            except NotAnInstant:
                raise CatalogError(
                    f"item {identity}: {name}={shown(value)!r}: expected an ISO 8601 time"
                ) from None
    raise CatalogError(f"item {identity}: it has no datetime, nor start_datetime")


def _asset(
    key: str, asset: Json, properties: Json, url: str, chosen: Sequence[str], terms: Terms
) -> Asset | None:
    href = text(asset.get("href"))
    kind = None if href is None else _kind(asset, href)
    if chosen:
        if key not in chosen:
            return None
        if kind is None:
            raise CatalogError(
                f"assets: {key!r} is neither a GeoTIFF nor Zarr: choose others (JPEG 2000 is not "
                "read, nor a VRT, which may name any file)"
            )
    elif kind is None or _is_aside(asset):
        return None
    assert kind is not None
    about = {**properties, **asset}
    return Asset(
        key,
        kind,
        read_locations(asset, properties, url, terms),
        title=text(asset.get("title")),
        crs=_crs(about),
        place=_place(about),
        notes=_notes(asset),
        is_array=asset.get("zarr:node_type") == "array",
    )


def _kind(asset: Json, href: str) -> Kind | None:
    path = href.partition("?")[0].lower().rstrip("/")
    media = (text(asset.get("type")) or "").partition(";")[0].strip().lower()
    if path.endswith(".vrt"):
        return None
    if media in TIFF_TYPES or (not media and path.endswith(TIFF_SUFFIXES)):
        return "tiff"
    if media in ZARR_TYPES or path.endswith(".zarr") or (".zarr/" in path and not media):
        return "zarr"
    return None


def _is_aside(asset: Json) -> bool:
    roles = {role for role in sequence(asset.get("roles")) if isinstance(role, str)}
    return bool(roles & ASIDE) and not roles & DATA


def _crs(about: Json) -> str | None:
    code = text(about.get("proj:code"))
    number = about.get("proj:epsg")
    if code is None and isinstance(number, int) and not isinstance(number, bool):
        return f"EPSG:{number}"
    return code


def _place(about: Json) -> Place | None:
    shape = numbers(about.get("proj:shape"))
    terms = numbers(about.get("proj:transform"))
    if len(shape) != 2 or len(terms) not in (6, 9):
        return None
    transform = Affine(*terms[:6])
    rows, cols = (int(size) for size in shape)
    if transform.is_degenerate or transform.b or transform.d or min(rows, cols) < 1:
        return None
    return Place(transform, (rows, cols))


def _notes(asset: Json) -> tuple[Note, ...]:
    """What is said of the bands: by `bands`, or by `raster:bands` and `eo:bands`."""
    lists = [
        [mapping(band) for band in sequence(asset.get(name))]
        for name in ("eo:bands", "raster:bands", "bands")
    ]
    count = max(1, *map(len, lists))
    shared = {name: asset[name] for name in SHARED if name in asset}
    bands: list[Json] = [shared] * count
    for each in lists:
        if len(each) == count:
            bands = [{**band, **more} for band, more in zip(bands, each, strict=True)]
    return tuple(map(_note, bands))


def _note(about: Json) -> Note:
    return Note(
        name=text(about.get("name")),
        color=text(about.get("eo:common_name")) or text(about.get("common_name")),
        title=text(about.get("description")),
        scale=_first(about, "raster:scale", "scale"),
        offset=_first(about, "raster:offset", "offset"),
        nodata=_first(about, "nodata", "raster:nodata"),
        units=text(about.get("unit")) or text(about.get("raster:unit")),
    )


def _first(about: Json, *names: str) -> float | None:
    for name in names:
        value = about.get(name)
        if value in ("nan", "inf", "-inf"):
            return float(str(value))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
