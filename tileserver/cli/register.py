"""Registering datasets in the database that servers share: register, unregister, refresh."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
import yaml

from tileserver import catalogfile
from tileserver.cache import ByteCache
from tileserver.catalogfile import EntryMaker
from tileserver.cli.console import (
    Catalogs,
    complain,
    fail,
    in_loop,
    out,
    progress,
    settings,
    told,
)
from tileserver.cli.ledger import Database, register_of, who
from tileserver.config import CatalogConfig, read_config
from tileserver.cube import Raw
from tileserver.dataset import Entry
from tileserver.discovery.found import MOST, Bounds, own_id
from tileserver.discovery.search import discover
from tileserver.discovery.stac import Each
from tileserver.errors import CatalogError, Conflict, DatasetNotFound
from tileserver.register.bulk import (
    Document,
    Outcome,
    Place,
    Steps,
    document_of,
    places_of,
    register_all,
)
from tileserver.register.record import Expected
from tileserver.sources.storage.connection import is_local

if TYPE_CHECKING:  # it needs the extra `database`
    from tileserver.register.register import Register

FILES = (".yaml", ".yml")
LOCAL_KEYS = ("url", "references", "optimized")  # of entries, which name files


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is registered, and how.

    Args:
        keys: of all entries.
        each: of STAC, what becomes a dataset.
        expected: what is there before.
    """

    targets: Sequence[str]
    keys: Mapping[str, Any]
    storage: str | None
    is_discovered: bool
    each: Each | None
    prefix: str
    most: int
    expected: Expected


def register(
    targets: Annotated[list[str], typer.Argument(help="s3://…, https://…, paths; or .yaml files.")],
    id: Annotated[str | None, typer.Option(help="The id; else it is made of the url.")] = None,
    title: Annotated[str | None, typer.Option(help="The title.")] = None,
    storage: Annotated[str | None, typer.Option(help="A storage of the catalogue.")] = None,
    keys: Annotated[
        list[str] | None, typer.Option("--set", help="Any key of an entry: key=value, in YAML.")
    ] = None,
    catalogs: Catalogs = None,
    database: Database = None,
    is_discovered: Annotated[
        bool, typer.Option("--discover", help="Register what lies below: a prefix, STAC, an API.")
    ] = False,
    each: Annotated[
        str | None, typer.Option(help="Of STAC: whether collection or item is a dataset.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Of the ids of what is discovered.")] = "",
    most: Annotated[int, typer.Option(min=1, help="Datasets to be discovered.")] = MOST,
    replace: Annotated[bool, typer.Option("--replace", help="Also what is registered.")] = False,
    check: Annotated[bool, typer.Option(help="Whether it has to be opened first.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be.")] = False,
) -> None:
    """Register datasets in the database, which servers show within seconds.

    Targets are urls of datasets, catalogue files whose datasets are taken over, or, with
    --discover, folders of buckets and addresses of STAC whose datasets are found. Storages are
    those of the servers' catalogue files: name these by --catalog.
    """

    def work() -> bool:
        if each not in (None, *get_args(Each)):
            raise CatalogError(f"each={each!r}: expected {' or '.join(get_args(Each))}")
        given = {"id": id, "title": title, **_keys(keys or [])}
        wanted = Wanted(
            targets,
            {key: value for key, value in given.items() if value is not None},
            storage,
            is_discovered,
            each,  # type: ignore[arg-type]  # checked above
            prefix,
            most,
            "anything" if replace else "nothing",
        )
        if id is not None and (len(targets) > 1 or is_discovered):
            raise CatalogError("id: expected it with a single url: --prefix is for several")
        with register_of(database) as found:
            files = catalogs or list(settings({}).catalog)
            return _tell(in_loop(_Registration(found, files, wanted, check, dry_run).run))

    if not told(work):
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Registration:
    register: Register
    files: list[str]
    wanted: Wanted
    is_checked: bool
    is_dry: bool

    async def run(self, chunks: ByteCache[Raw], pool: ThreadPoolExecutor) -> list[Outcome]:
        """All that is wanted, one by one."""
        maker = EntryMaker.of(self.files, os.environ, settings({}).allowed_urls)
        catalog = catalogfile.load(self.files, os.environ, cache=chunks, pool=pool)

        def make(document: Document) -> Entry:
            if document["id"] in catalog.entries:
                raise Conflict(f"dataset={document['id']!r} stands in a file of the catalogue")
            return maker.make(document)

        documents = await self._documents(maker)
        steps = Steps(
            make,
            catalog.try_open if self.is_checked else None,
            None if self.is_dry else self._put,
        )
        of_files = places_of(entry.config for entry in catalog.entries.values())
        known = {**of_files, **self._known()} if self.wanted.is_discovered else {}
        with progress() as bar:
            task = bar.add_task("registering", total=len(documents))
            return await register_all(documents, steps, known, inf, lambda: bar.advance(task))

    async def _put(self, document: Document) -> None:
        put, expected = self.register.put, self.wanted.expected
        await asyncio.to_thread(put, document["id"], document, who=who(), expected=expected)

    def _known(self) -> dict[Place, str]:
        """What is registered, by where it lies."""
        records = self.register.changes(0).datasets
        return {
            (url, record.config.get("storage")): record.id
            for record in records
            if isinstance(url := record.config.get("url"), str)
        }

    async def _documents(self, maker: EntryMaker) -> list[Document]:
        found: list[Document] = []
        for target in self.wanted.targets:
            if target.lower().endswith(FILES):
                found += _of_file(target, self.wanted.keys)
            elif self.wanted.is_discovered:
                found += await self._discovered(target, maker)
            else:
                found.append(self._single(target))
        return found

    def _single(self, url: str) -> Document:
        if "id" not in self.wanted.keys and any(c in url for c in "*?["):
            raise CatalogError("id is missing: a url with wildcards has no name to take it from")
        own = {"url": url} | ({"storage": self.wanted.storage} if self.wanted.storage else {})
        return _absolute({"id": own_id(url), **self.wanted.keys, **own}, Path())

    async def _discovered(self, url: str, maker: EntryMaker) -> list[Document]:
        wanted = self.wanted
        findings = await discover(
            _absolute({"url": url}, Path())["url"],
            None if wanted.storage is None else maker.storage(wanted.storage),
            each=wanted.each,
            bounds=Bounds(most=wanted.most, looks=100 * MOST, within_s=inf),
            allowed=maker.allowed,
        )
        for line in findings.missed:
            complain(f"not looked at: {line}")
        return [
            document_of(each, wanted.storage, wanted.prefix, wanted.keys)
            for each in findings.datasets()
        ]


def _of_file(name: str, keys: Mapping[str, Any]) -> list[Document]:
    """The datasets of a catalogue file as they stand by themselves."""
    try:
        config: CatalogConfig = read_config(name, Path(name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{name}: cannot be read ({type(error).__name__})") from error
    dumped = (each.model_dump(mode="json", exclude_unset=True) for each in config.datasets)
    # What says nothing is left out: else the servers' files could offer nothing more.
    entries = ({k: v for k, v in each.items() if v not in (None, [], {})} for each in dumped)
    return [_absolute({**entry, **keys}, Path(name).parent) for entry in entries]


def _absolute(document: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """An entry whose files have the names that they have on all of this machine."""

    def whole(said: object) -> object:
        if isinstance(said, list):
            return [whole(each) for each in said]
        if isinstance(said, str) and is_local(said) and not said.startswith("file:"):
            return str((base / said).absolute()) + "/" * said.endswith("/")
        return said

    return {k: whole(v) if k in LOCAL_KEYS else v for k, v in document.items()}


def _keys(said: Sequence[str]) -> dict[str, Any]:
    found = {}
    for each in said:
        key, equals, value = each.partition("=")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise CatalogError(f"{key}: expected a value in YAML") from error
        if not equals:
            raise CatalogError(f"set={each!r}: expected key=value")
    return found


def _tell(outcomes: Sequence[Outcome]) -> bool:
    """Print what became of all; whether nothing failed."""
    for each in outcomes:
        line = f"{each.document['id']}: {each.status}"
        if each.status == "failed":
            complain(f"{line}: {each.error}")
        else:
            text = f"{line}  {each.document['url']}"
            out.print(text, markup=False, highlight=False, soft_wrap=True)
    if not outcomes:
        fail("nothing was found")
    return all(each.status != "failed" for each in outcomes)


def unregister(
    datasets: Annotated[list[str], typer.Argument(help="Ids.")], database: Database = None
) -> None:
    """Take datasets out of the database; their data stays where it is."""

    def work() -> bool:
        with register_of(database) as found:

            def remove(dataset: str) -> str:
                found.remove(dataset, who=who())
                return "unregistered"

            return _each(datasets, remove)

    if not told(work):
        raise typer.Exit(1)


def refresh(
    datasets: Annotated[list[str], typer.Argument(help="Ids.")],
    catalogs: Catalogs = None,
    database: Database = None,
) -> None:
    """Have all servers open datasets anew, within seconds."""

    def work() -> bool:
        files = catalogs or list(settings({}).catalog)
        there = {each.id for _, config in catalogfile.read_files(files) for each in config.datasets}
        with register_of(database) as found:

            def refresh(dataset: str) -> str:
                if dataset not in there and found.get(dataset) is None:
                    raise DatasetNotFound(
                        dataset, "it is neither registered nor in a file that --catalog names"
                    )
                found.refresh(dataset, who=who())
                return "is opened anew"

            return _each(datasets, refresh)

    if not told(work):
        raise typer.Exit(1)


def _each(datasets: Sequence[str], change: Callable[[str], str]) -> bool:
    """Change all, of which one that is not there keeps no other; whether all were there."""
    missing = 0
    for dataset in datasets:
        try:
            line = f"{dataset}: {change(dataset)}"
            out.print(line, markup=False, highlight=False, soft_wrap=True)
        except DatasetNotFound as error:
            complain(str(error))
            missing += 1
    return missing == 0
