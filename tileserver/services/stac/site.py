"""Where the documents of a catalogue lie: at the server, or in a folder that is exported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tileserver.services.stac.vocabulary import ROOT, quoted

CATALOG, COLLECTION = "catalog.json", "collection.json"


class Site(Protocol):
    """Tells addresses.

    `base` is that of the server whose tiles and values are linked, None where there is none;
    `passes` whether it has the data themselves as Zarr.
    """

    @property
    def base(self) -> str | None: ...

    @property
    def passes(self) -> bool: ...

    def root(self, from_collection: bool) -> str: ...

    def collection(self, dataset: str) -> str: ...

    def collection_of_item(self, dataset: str) -> str: ...

    def root_of_item(self) -> str: ...

    def items(self, dataset: str) -> str | None: ...

    def item(self, dataset: str, item: str) -> str: ...


@dataclass(frozen=True, slots=True)
class ServedSite:
    """Documents that a server makes.

    Args:
        address: of the server.
    """

    address: str
    passes: bool = True

    @property
    def base(self) -> str:
        """Of tiles and values too."""
        return self.address

    def root(self, from_collection: bool) -> str:
        """The landing page."""
        return f"{self.address}{ROOT}"

    def collection(self, dataset: str) -> str:
        """A dataset's."""
        return f"{self.address}{ROOT}/collections/{quoted(dataset)}"

    collection_of_item = collection

    def root_of_item(self) -> str:
        """The landing page."""
        return self.root(False)

    def items(self, dataset: str) -> str | None:
        """Pages of them."""
        return f"{self.collection(dataset)}/items"

    def item(self, dataset: str, item: str) -> str:
        """One of them."""
        return f"{self.collection(dataset)}/items/{quoted(item)}"


@dataclass(frozen=True, slots=True)
class ExportedSite:
    """Documents in a folder, which name each other by relative paths."""

    base: str | None = None
    passes: bool = False

    def root(self, from_collection: bool) -> str:
        """The catalogue's file."""
        return f"../{CATALOG}" if from_collection else f"./{CATALOG}"

    def collection(self, dataset: str) -> str:
        """As the catalogue names it."""
        return f"./{dataset}/{COLLECTION}"

    def collection_of_item(self, dataset: str) -> str:
        """As items name it, which lie beside it."""
        return f"./{COLLECTION}"

    def root_of_item(self) -> str:
        """As items name it."""
        return f"../{CATALOG}"

    def items(self, dataset: str) -> str | None:
        """There is no page of them: each is linked."""
        return None

    def item(self, dataset: str, item: str) -> str:
        """As the collection names it."""
        return f"./{item}.json"
