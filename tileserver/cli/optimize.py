"""Building copies of a dataset that are laid out for other ways of reading."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from tileserver import catalogfile
from tileserver.cli.console import Catalogs, complain, err, fail, out, progress, told
from tileserver.cli.look import size
from tileserver.errors import CatalogError, SourceError
from tileserver.scale.optimize import Optimizer, Wanted
from tileserver.scale.target import open_target
from tileserver.scale.task import Cluster, Threads
from tileserver.sources.manifest import folder_of
from tileserver.sources.opening import Origin


def optimize(
    dataset: Annotated[str, typer.Argument(help="A dataset's id, or s3://…, a path.")],
    overviews: Annotated[bool, typer.Option("--overviews", help="Coarser levels only.")] = False,
    time_series: Annotated[
        bool, typer.Option("--time-series", help="The copy along time only.")
    ] = False,
    to: Annotated[str | None, typer.Option(help="The folder of the copies.")] = None,
    catalogs: Catalogs = None,
    storage: Annotated[str | None, typer.Option(help="A storage of the catalogue.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Of a Dask cluster: tcp://host:8786.")
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, max=256, help="Tasks at once.")] = None,
    methods: Annotated[
        list[str] | None,
        typer.Option("--method", help="variable=mean, nearest, mode, min or max."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it takes.")] = False,
    follow: Annotated[
        float | None, typer.Option(min=1, help="Look for more to do every so many seconds.")
    ] = None,
) -> None:
    """Build overviews and a copy along time, or what was added since.

    A run that was interrupted goes on where it was. Servers see what is published when they look
    for changes next.
    """
    every = None if overviews == time_series else False
    wanted = Wanted(overviews or every, time_series or every, _methods(methods or []))

    def work() -> None:
        origin, folder = _origin(dataset, catalogs or [], storage, to)
        target = open_target(folder, origin.storage, origin.base)
        with (
            Cluster(scheduler) if scheduler else nullcontext(Threads(threads or _cores())) as where
        ):
            _build(Optimizer(origin, target, wanted, where), dry_run=dry_run, follow=follow)

    told(work)


def _build(optimizer: Optimizer, *, dry_run: bool, follow: float | None) -> None:
    _bring(optimizer, dry_run=dry_run)
    while follow is not None and not dry_run:
        time.sleep(follow)
        try:
            _bring(optimizer, dry_run=False)
        except (CatalogError, SourceError) as error:  # data that grow are half written at times
            complain(f"{error} (it is tried again in {follow:g} s)")


def _bring(optimizer: Optimizer, *, dry_run: bool) -> None:
    """Tell what it takes, and do it."""
    estimates = optimizer.estimate()
    for what, cost in estimates:
        err.print(
            f"{what}: {cost.tasks} tasks, {size(cost.read_bytes)} to read, "
            f"at most {size(cost.write_bytes)} to write",
            highlight=False,
        )
    if not dry_run:
        done = "published" if _run(optimizer) else "up to date"
        out.print(f"{optimizer.target.url}: {done}", highlight=False)
    elif not estimates:
        out.print("nothing to do", highlight=False)


def _run(optimizer: Optimizer) -> bool:
    """With a bar for each copy."""
    with progress() as bar:
        tasks: dict[str, int] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what)
            bar.update(tasks[what], completed=done, total=total)  # type: ignore[arg-type]

        optimizer.tell = tell
        return optimizer.run()


def _origin(
    dataset: str, catalogs: list[str], storage: str | None, to: str | None
) -> tuple[Origin, str]:
    """Where a dataset comes from, and where its copies go."""
    entries = catalogfile.origins(catalogs, os.environ) if catalogs else {}
    origin = entries.get(dataset)
    if origin is None:
        if catalogs and "/" not in dataset and "." not in dataset:
            known = ", ".join(list(entries)[:12]) or "none"
            raise CatalogError(f"dataset={dataset}: no such dataset (known: {known})")
        origin = Origin((dataset,), Path())
    if storage is not None:
        named = catalogfile.find_storage(catalogs, storage, os.environ)
        origin = replace(origin, storage=named)
    own = origin.optimized if isinstance(origin.optimized, str) else None
    if to is None and own is None and len(origin.urls) > 1:
        raise CatalogError("to: a dataset of several URLs has no place beside it: name a folder")
    return origin, to or own or folder_of(origin.urls[0], origin.group)


def _methods(texts: list[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, method = text.rpartition("=")
        if not equals or not name:
            fail(f"method={text}: expected variable=mean, such as land_cover=mode")
        found[name] = method
    return found


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
