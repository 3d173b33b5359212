"""Serving a catalogue."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from tileserver import catalogfile
from tileserver.authentication import make_identity
from tileserver.cli.console import Catalogs, complain, fail, settings, told
from tileserver.cli.ledger import register_of
from tileserver.errors import SourceUnavailable
from tileserver.jobs.office import Limits, Office
from tileserver.listening import bind
from tileserver.monitoring.figures import Figures
from tileserver.noticeboard import Noticeboard
from tileserver.serving import run as run_server
from tileserver.settings import Settings
from tileserver.sharedtiles import SharedTiles

LOOKS_LIKE = 0.75  # of difflib


def serve(
    context: typer.Context,
    catalogs: Catalogs = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that share the port.")] = None,
) -> None:
    """Serve the datasets of a catalogue.

    Every other setting of docs/configuration.md is a flag of the same name, e.g.
    --memory 4GiB.
    """
    given = {"host": host, "port": port, "workers": workers, **_extra(context.args)}
    if catalogs:
        given["catalog"] = ",".join(catalogs)
    chosen = settings({k: str(v) for k, v in given.items() if v is not None})
    if not chosen.catalog and not chosen.database.get_secret_value():
        fail("catalog is missing: name one with --catalog, or try `tileserver demo --serve`")
    for line in _misspelt(os.environ):
        complain(line)
    told(lambda: run(chosen))


def run(settings: Settings) -> None:
    catalogfile.read_files(settings.catalog)  # in one line what is wrong
    try:
        if settings.shared_tiles:
            SharedTiles(Path(settings.shared_tiles), 0)
    except OSError as error:
        fail(
            f"shared_tiles={settings.shared_tiles}: {error.strerror or error}: "
            "name a folder that this user may write to"
        )
    if settings.jobs:
        office = Office(Path(settings.jobs), Limits())
        office.open()
        office.close()
    try:
        Noticeboard(settings.noticeboard, ())
    except (OSError, ValueError) as error:
        fail(f"noticeboard={settings.noticeboard}: {error}")
    try:
        Figures(settings.figures).close()
    except (OSError, ValueError) as error:
        fail(f"figures={settings.figures}: {error}: name a folder that this user may write to")
    if said := settings.database.get_secret_value():
        with suppress(SourceUnavailable), register_of(said):  # one that is down is waited for
            pass
    try:
        make_identity(settings)
    except ValueError as error:
        fail(str(error))
    if url := settings.redis.get_secret_value():
        _check_redis(url)
    if settings.traces and find_spec("opentelemetry") is None:
        fail("traces=True: they cannot be sent from here: pip install 'tileserver[otel]'")
    try:
        bound = bind(settings.host, settings.port, shared=settings.workers > 1)
    except OSError as error:
        fail(
            f"host={settings.host} port={settings.port}: {error.strerror or error}: "
            "choose another; --port 0 takes a free one"
        )
    run_server(settings, bound)


def _check_redis(url: str) -> None:
    """Tell of a URL that is none; a Redis that does not answer is done without."""
    try:
        from tileserver.redis.link import where  # an extra
    except ImportError:
        fail("redis: it cannot be asked from here: pip install 'tileserver[redis]'")
    try:
        where(url)
    except ValueError as error:
        fail(f"redis: {error}")


def _misspelt(names: Iterable[str]) -> Iterator[str]:
    """Variables that are no settings, but look like one: others may be anybody's."""
    for name in sorted(names):
        prefix, _, key = name.lower().partition("_")
        if prefix == "tileserver" and key not in Settings.model_fields:
            for meant in get_close_matches(key, Settings.model_fields, n=1, cutoff=LOOKS_LIKE):
                yield f"{name}: no such setting: is TILESERVER_{meant.upper()} meant?"


def _extra(args: list[str]) -> dict[str, str]:
    """Settings given as flags: --name value or --name=value."""
    found: dict[str, str] = {}
    rest = iter(args)
    for arg in rest:
        name, equals, value = arg.removeprefix("--").partition("=")
        key = name.replace("-", "_")
        if not arg.startswith("--") or key not in Settings.model_fields:
            fail(f"{arg}: no such flag; docs/configuration.md lists the settings")
        found[key] = value if equals else next(rest, "")
    return found
