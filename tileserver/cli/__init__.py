"""The command line: serve, inspect, datasets, check, optimize, demo, and the register's."""

from __future__ import annotations

from typing import Annotated

import typer

from tileserver import __version__
from tileserver.cli.console import out
from tileserver.cli.demo import demo
from tileserver.cli.ledger import audit, database, keys
from tileserver.cli.look import check, datasets, inspect
from tileserver.cli.optimize import optimize
from tileserver.cli.register import refresh, register, unregister
from tileserver.cli.serve import serve
from tileserver.cli.stac import stac

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # it flows where docstrings break lines
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        out.print(f"tileserver {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="And exit.")
    ] = False,
) -> None:
    """Tiles, WMTS, legends, time series and statistics of data cubes."""


# Every setting is a flag too.
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(serve)
for command in (inspect, datasets, check, optimize, demo, register, unregister, refresh, audit):
    app.command()(command)
app.add_typer(keys, name="key")
app.add_typer(database, name="database")
app.add_typer(stac, name="stac")
