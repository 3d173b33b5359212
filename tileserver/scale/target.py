"""Where copies are written: a folder on disk or below a bucket's prefix."""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import obstore
import zarr
from obstore.store import LocalStore
from obstore.store import ObjectStore as ObstoreStore
from zarr.errors import ZarrUserWarning
from zarr.storage import ObjectStore

from tileserver.errors import CatalogError
from tileserver.sources.manifest import NAME, Manifest
from tileserver.sources.storage.connection import Storage, is_local, open_store
from tileserver.sources.storage.fault import foreign_errors

UNFINISHED = re.compile(r".+#\d+")
WRITE_TIMEOUT_S = 120.0  # an object of many megabytes takes longer than a tile may


@dataclass(frozen=True, slots=True)
class Target:
    """A folder that copies are written to; equal ones share a connection within a process.

    Objects come into being whole or not at all, on disk too. Raises SourceError.

    Args:
        url: s3://bucket/prefix, or a path.
        storage: the access to it.
    """

    url: str
    storage: Storage | None = None

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""
        with foreign_errors():
            obstore.put(_connection(self), key, data)

    def get(self, key: str) -> bytes | None:
        """An object; None where it is not there."""
        with foreign_errors():
            try:
                return bytes(obstore.get(_connection(self), key).bytes())
            except FileNotFoundError:
                return None

    def keys(self, prefix: str) -> list[str]:
        """All objects below a prefix, by their keys, in order."""
        with foreign_errors():
            batches = obstore.list(_connection(self), prefix=prefix)
            return sorted(str(meta["path"]) for batch in batches for meta in batch)

    def folders(self) -> list[str]:
        """The names of the folders directly below."""
        with foreign_errors():
            found = obstore.list_with_delimiter(_connection(self))
            return sorted(str(p).rstrip("/").rpartition("/")[2] for p in found["common_prefixes"])

    def remove(self, prefix: str) -> None:
        """Remove all objects below a prefix, and on disk the folders that held them."""
        keys = self.keys(prefix)
        with foreign_errors():
            if keys:
                obstore.delete(_connection(self), keys)
        self.sweep(prefix)
        if is_local(self.url):
            _prune(self._path / prefix)

    def sweep(self, prefix: str) -> None:
        """Remove what was being written below a prefix when its writer was killed; nobody may be
        writing there.

        On disk an object `a` is written as `a#1` first, which no listing shows.
        """
        if is_local(self.url):
            for path in (self._path / prefix).rglob("*#*"):
                if UNFINISHED.fullmatch(path.name) and path.is_file():
                    path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return Path(self.url.removeprefix("file://"))

    def group(self, path: str, *, mode: str = "r") -> zarr.Group:
        """A group of a store `….zarr`, made where `mode` is `a` and it is not there."""
        root, suffix, inside = path.partition(".zarr")
        own = replace(self, url=f"{self.url}/{root}{suffix}")  # above it there are no groups
        store = ObjectStore(_connection(own), read_only=mode == "r")
        return zarr.open_group(store, path=inside.strip("/"), mode=mode, zarr_format=3)  # type: ignore[arg-type]

    def consolidate(self, path: str) -> None:
        """Put the metadata of all that is in a group into its own, where readers look first."""
        with warnings.catch_warnings():  # zarr-python reminds that the extension is its own
            warnings.simplefilter("ignore", ZarrUserWarning)
            zarr.consolidate_metadata(self.group(path, mode="r+").store)

    def manifest(self) -> Manifest | None:
        """What is published, if anything is. Raises CatalogError where it is damaged."""
        data = self.get(NAME)
        return None if data is None else Manifest.parse(data)

    def publish(self, manifest: Manifest) -> None:
        """Let readers see what a manifest names; all that it does must be written."""
        self.put(NAME, manifest.to_json())


def open_target(url: str, storage: Storage | None, base: Path) -> Target:
    """The target of a URL; relative paths count from `base`. Raises CatalogError."""
    if url.startswith(("http:", "https:")):
        raise CatalogError(f"to={url}: HTTP takes no writing: name a path or s3://…")
    if is_local(url):
        return Target(str((base / url.removeprefix("file://")).absolute()), storage)
    return Target(url.rstrip("/"), storage)


@lru_cache(maxsize=64)
def _connection(target: Target) -> ObstoreStore:
    if is_local(target.url):
        return LocalStore(target.url, mkdir=True)
    patient = _patient(target.storage or Storage())
    return open_store(target.url, patient).raw


def _patient(storage: Storage) -> Storage:
    return replace(storage, timeout_s=max(storage.timeout_s, WRITE_TIMEOUT_S))


def _prune(folder: Path) -> None:
    """Remove a folder whose files are gone, and empty ones in it."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*"), reverse=True):
        with suppress(OSError):  # somebody has put a file there
            path.rmdir()
    with suppress(OSError):
        folder.rmdir()
