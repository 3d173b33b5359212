"""Where an asset may be read, by the extensions storage (1 and 2), alternate and authentication.

Endpoints and regions are taken from the document, credentials never: what lies at an endpoint that
only a document names is read as anybody may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from tileserver.errors import CatalogError, shown
from tileserver.sources.shelf import Shelf, absolute
from tileserver.sources.stac.field import Json, mapping, sequence, text
from tileserver.sources.storage.connection import Storage


@dataclass(frozen=True, slots=True)
class Scheme:
    """An S3 service that a document names.

    Args:
        endpoint: None for AWS.
        requester_pays: whoever reads there pays for it.
    """

    endpoint: str | None = None
    region: str | None = None
    requester_pays: bool = False


@dataclass(frozen=True, slots=True)
class Location:
    """One of the places of an asset.

    Args:
        url: absolute.
        schemes: of the services that hold it, if it is one of S3.
        locked: it is read by such means as a login, which nobody has here.
    """

    url: str
    schemes: tuple[Scheme, ...] = ()
    locked: bool = False

    @property
    def scheme(self) -> Scheme | None:
        """The one to read it by, one without a price if there is any."""
        return min(self.schemes, key=lambda each: each.requester_pays, default=None)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a document says once for its assets: schemes of storage, and what asks for a login."""

    storage: Mapping[str, Scheme]
    locks: frozenset[str]


def read_terms(document: Json) -> Terms:
    """Of an Item, or a Collection."""
    own = {**mapping(document.get("properties")), **document}
    schemes = {
        name: _scheme(mapping(each)) for name, each in mapping(own.get("storage:schemes")).items()
    }
    kinds = {
        name: mapping(each).get("type") for name, each in mapping(own.get("auth:schemes")).items()
    }
    return Terms(
        {name: scheme for name, scheme in schemes.items() if scheme is not None},
        frozenset(name for name, kind in kinds.items() if kind != "s3"),
    )


def read_locations(asset: Json, properties: Json, url: str, terms: Terms) -> tuple[Location, ...]:
    """All places of an asset, its own first, but those that are open before those that are locked.

    Args:
        properties: of its item, which may say of all assets what they do not.
        url: of the document.
    """
    others = [mapping(other) for other in mapping(asset.get("alternate")).values()]
    places = [{**properties, **asset}, *({**properties, **other} for other in others)]
    found = [_location(place, url, terms) for place in places if text(place.get("href"))]
    return tuple(sorted(found, key=lambda each: each.locked))


def _location(place: Json, url: str, terms: Terms) -> Location:
    locks = [name in terms.locks for name in sequence(place.get("auth:refs"))]
    names = [text(name) for name in sequence(place.get("storage:refs"))]
    schemes = [terms.storage[name] for name in names if name is not None and name in terms.storage]
    if place.get("storage:platform") == "AWS":  # as version 1 says it
        pays = place.get("storage:requester_pays") is True
        schemes = [Scheme(None, text(place.get("storage:region")), pays)]
    href = absolute(text(place.get("href")) or "", url)
    return Location(href, tuple(schemes), bool(locks) and all(locks))


def _scheme(about: Json) -> Scheme | None:
    platform, region = text(about.get("platform")), text(about.get("region"))
    pays = about.get("requester_pays") is True
    if about.get("type") == "aws-s3":
        return Scheme(None, region, pays)
    if about.get("type") == "custom-s3" and platform and platform.startswith("http"):
        return Scheme(platform.replace("{region}", region or ""), region, pays)
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Chooser:
    """Finds the places that may be read, and what each is read through.

    An endpoint or credentials of the dataset's own storage go before what documents say.
    """

    shelf: Shelf
    regions: dict[str, Shelf] = field(default_factory=dict)

    def choose(self, locations: Sequence[Location]) -> tuple[str, Shelf]:
        """The first that may be read; else the first, which the shelf then refuses.

        Raises CatalogError where whoever reads pays, and nobody has said that they want to.
        """
        for location in locations:
            url, shelf = self._at(location)
            if shelf.may_read(url):
                self._check_price(location)
                return url, shelf
        return locations[0].url, self.shelf

    def may_read(self, locations: Sequence[Location]) -> bool:
        """Whether one of them may be read."""
        found = map(self._at, locations)
        return any(shelf.may_read(url) for url, shelf in found)

    def _at(self, location: Location) -> tuple[str, Shelf]:
        shelf, scheme = self.shelf, location.scheme
        own = shelf.storage or Storage()
        is_told = own.endpoint is not None or own.access_key_id is not None
        if is_told or scheme is None or not location.url.startswith("s3:"):
            return location.url, shelf
        if scheme.endpoint is not None:
            return _web(location.url, scheme.endpoint, shelf)
        if scheme.region is None or own.region is not None:
            return location.url, shelf
        known = self.regions.get(scheme.region)
        if known is None:
            storage = replace(own, region=scheme.region)
            known = self.regions[scheme.region] = replace(shelf, storage=storage, stores={})
        return location.url, known

    def _check_price(self, location: Location) -> None:
        scheme, own = location.scheme, self.shelf.storage
        if scheme is not None and scheme.requester_pays and not (own and own.requester_pays):
            raise CatalogError(
                f"whoever reads {shown(location.url)} pays for it: name a storage with "
                "requester_pays, if that is meant"
            )


def _web(url: str, endpoint: str, shelf: Shelf) -> tuple[str, Shelf]:
    """An object of S3 as one of the web: so the guards of such hold, and no credentials go along.

    It may be read where the bucket is among the dataset's references.
    """
    bucket = urlsplit(url).netloc
    plain, root = f"s3://{bucket}", f"{endpoint.rstrip('/')}/{bucket}"
    if "{bucket}" in endpoint:
        root = endpoint.replace("{bucket}", bucket).rstrip("/")
    named = [each for each in shelf.named if each == plain or each.startswith(f"{plain}/")]
    moved = [root + each.removeprefix(plain) for each in named]
    return root + url.removeprefix(plain), replace(shelf, named=(*shelf.named, *moved))
