"""The catalogue's files, folders and URLs: from what stands in them to a catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import (
    CatalogConfig,
    DatasetConfig,
    MatrixSetConfig,
    ServiceConfig,
    StorageConfig,
    read_config,
    read_dataset,
    together,
)
from tileserver.cost import Limits
from tileserver.cube import Raw
from tileserver.dataset import Entry
from tileserver.errors import CatalogError
from tileserver.matrixset import IDS, MatrixSets, from_document, quad
from tileserver.sources.opening import Origin
from tileserver.sources.storage.connection import Storage, fetch
from tileserver.tms import MatrixSet
from tileserver.viewerconfig import ViewerConfig


def load(
    names: Sequence[str],
    environment: Mapping[str, str],
    *,
    cache: ByteCache[Raw],
    pool: Executor,
    allowed: Sequence[str] = (),
    limits: Limits | None = None,
    most_open: int | None = None,
    workers: int = 1,
) -> Catalog:
    """The catalogue of files, folders of YAML and JSON files, and URLs. Raises CatalogError.

    Args:
        environment: where credentials are taken from.
        allowed: prefixes of which dataset URLs must have one, if there are any.
        workers: processes that share the limits of the storages.
    """
    entries: dict[str, Entry] = {}
    service: ServiceConfig | None = None
    viewer: ViewerConfig | None = None
    own: dict[str, MatrixSet] = {}
    for name, config in read_files(names):
        own |= _matrix_sets(name, config, own)
        if "service" in config.model_fields_set:
            service = config.service
        if "viewer" in config.model_fields_set:
            viewer = _viewer(name, config)
        for dataset in config.datasets:
            entries[dataset.id] = _entry(dataset, config, name, environment, tuple(allowed))
    return Catalog(
        entries,
        cache=cache,
        pool=pool,
        service=service,
        viewer=viewer,
        matrix_sets=MatrixSets(own),
        limits=limits,
        most_open=most_open,
        workers=workers,
    )


@dataclass(frozen=True, slots=True)
class EntryMaker:
    """Makes entries of datasets that stand in no file, but may name what the files hold.

    Args:
        known: storages and styles.
        environment: where credentials are taken from.
        allowed: prefixes of which dataset URLs must have one, if there are any.
    """

    known: CatalogConfig
    environment: Mapping[str, str] = field(repr=False)
    allowed: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, names: Sequence[str], environment: Mapping[str, str], allowed: Sequence[str]
    ) -> EntryMaker:
        """For the datasets beside those of some files. Raises CatalogError."""
        configs = [config for _, config in read_files(names)]
        return cls(together(configs), environment, tuple(allowed))

    def make(self, document: Mapping[str, object]) -> Entry:
        """A dataset's entry, not open. Raises CatalogError."""
        dataset = read_dataset(document, self.known)
        return _entry(dataset, self.known, "", self.environment, self.allowed)

    def storage(self, name: str) -> Storage:
        """A storage of the files. Raises CatalogError."""
        return _storage(self.known.storage, name, self.environment)

    def broken(self, dataset: str, error: CatalogError) -> Entry:
        """An entry for what was registered and is no longer understood."""
        config = DatasetConfig.model_validate({"id": dataset, "url": ""})
        return Entry(config, Origin(urls=("",), base=Path()), str(error), usable=False)


def _viewer(name: str, config: CatalogConfig) -> ViewerConfig:
    try:
        return config.viewer.with_logo(None if "://" in name else Path(name).parent)
    except CatalogError as error:
        raise CatalogError(f"{name}: {error}") from error


def _matrix_sets(
    name: str, config: CatalogConfig, known: Mapping[str, MatrixSet]
) -> dict[str, MatrixSet]:
    """The tile matrix sets of one of the catalogue's files. Raises CatalogError."""
    found: dict[str, MatrixSet] = {}
    for each in config.matrix_sets:
        if each.id in IDS or each.id in known or each.id in found:
            raise CatalogError(f"{name}: matrix set {each.id!r} is there already: rename it")
        try:
            found[each.id] = _matrix_set(name, each)
        except CatalogError as error:
            raise CatalogError(f"{name}: {error}") from error
    return found


def _matrix_set(name: str, config: MatrixSetConfig) -> MatrixSet:
    if config.url is not None:
        url = _absolute(config.url, name)
        beside = url if "://" in url else str(Path(name).parent / url)
        return from_document(config.id, _text(beside))
    assert config.crs is not None
    assert config.extent is not None
    return quad(
        config.id,
        config.title,
        config.crs,
        config.extent,
        tile_px=config.tile_size,
        max_zoom=config.max_zoom,
        cell_sizes=config.cell_sizes,
    )


def _entry(
    dataset: DatasetConfig,
    config: CatalogConfig,
    name: str,
    environment: Mapping[str, str],
    allowed: tuple[str, ...],
) -> Entry:
    storage, error = None, None
    try:
        if dataset.storage is not None:
            storage = config.storage[dataset.storage].resolve(dataset.storage, environment)
    except CatalogError as unresolved:
        error = str(unresolved)
    urls = (dataset.url,) if isinstance(dataset.url, str) else dataset.url
    origin = Origin(
        urls=tuple(_absolute(url, name) for url in urls),
        base=Path() if "://" in name else Path(name).parent,
        storage=storage,
        group=dataset.group,
        crs=dataset.crs,
        times=dataset.times,
        time_pattern=dataset.time_pattern,
        assets=dataset.assets,
        references=dataset.references,
        branch=dataset.branch,
        tag=dataset.tag,
        snapshot=dataset.snapshot,
        allowed=allowed,
        optimized=dataset.optimized,
    )
    return Entry(dataset, origin, error, usable=error is None)


def _absolute(url: str, catalog: str) -> str:
    """A dataset's URL, which in a catalogue that was fetched counts from the catalogue's."""
    if "://" not in catalog or "://" in url or url.startswith("/"):
        return url
    return f"{catalog.rpartition('/')[0]}/{url}"


def read_files(names: Sequence[str]) -> list[tuple[str, CatalogConfig]]:
    """What stands in the catalogue's files, each dataset once. Raises CatalogError."""
    found = [(name, _config(name, _text(name))) for name in _files(names)]
    _check_storages(found)
    seen: dict[str, str] = {}
    for name, config in found:
        for dataset in config.datasets:
            if dataset.id in seen:
                where = "in it twice" if name == seen[dataset.id] else f"in {seen[dataset.id]} too"
                raise CatalogError(f"{name}: dataset {dataset.id!r} is {where}: rename one")
            seen[dataset.id] = name
    return found


# The command checks what the server reads again: ten thousand datasets take two seconds.
_config = lru_cache(maxsize=8)(read_config)


def _check_storages(found: Sequence[tuple[str, CatalogConfig]]) -> None:
    """A storage's limits are shared by all who name it: one name means one storage."""
    seen: dict[str, tuple[str, StorageConfig]] = {}
    for name, config in found:
        for storage, said in config.storage.items():
            where, other = seen.setdefault(storage, (name, said))
            if said != other:
                raise CatalogError(f"{name}: storage {storage!r} is another in {where}: rename one")


def _text(name: str) -> str:
    try:
        data = fetch(name) if "://" in name else Path(name).read_bytes()
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{name}: cannot be read ({type(error).__name__})") from error


def origins(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, Origin]:
    """Where the datasets of the catalogue's files come from, by their ids. Raises CatalogError."""
    found = {}
    for name, config in read_files(names):
        for dataset in config.datasets:
            entry = _entry(dataset, config, name, environment, ())
            found[dataset.id] = entry.usable_origin
    return found


def find_storage(files: Sequence[str], name: str, environment: Mapping[str, str]) -> Storage:
    """A storage of the catalogue's files. Raises CatalogError."""
    known = {k: v for _, config in read_files(files) for k, v in config.storage.items()}
    return _storage(known, name, environment)


def _storage(
    known: Mapping[str, StorageConfig], name: str, environment: Mapping[str, str]
) -> Storage:
    if name not in known:
        listed = ", ".join(known) or "none: name its file with --catalog"
        raise CatalogError(f"storage={name!r}: no such storage (known: {listed})")
    return known[name].resolve(name, environment)


def _files(names: Sequence[str]) -> list[str]:
    files: list[str] = []
    for name in names:
        path = Path(name)
        if "://" in name or path.is_file():
            files.append(name)
        elif path.is_dir():
            found = sorted(p for p in path.iterdir() if p.suffix in (".yaml", ".yml", ".json"))
            if not found:
                raise CatalogError(f"{name}: no .yaml, .yml or .json file in this folder")
            files += map(str, found)
        else:
            raise CatalogError(f"{name}: no such file or folder")
    return files
