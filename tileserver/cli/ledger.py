"""The database of registered datasets and keys: its schema, its keys, who changed what."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from tileserver.access.key import ApiKey, new_key, parse_expiry
from tileserver.access.keyfile import written
from tileserver.cli.console import err, out, settings, told
from tileserver.errors import CatalogError, SourceUnavailable
from tileserver.register.patience import reason
from tileserver.register.record import Audit, describe_change, describe_key, parse_moment

if TYPE_CHECKING:  # it needs the extra `database`
    from tileserver.register.register import Register

Database = Annotated[
    str | None,
    typer.Option("--database", help="An SQLite file or a URL; else that of TILESERVER_DATABASE."),
]
JSON = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

keys = typer.Typer(no_args_is_help=True, help="API keys: create, list, revoke.")
database = typer.Typer(no_args_is_help=True, help="The database: upgrade.")


@contextmanager
def register_of(said: str | None) -> Iterator[Register]:
    """The register in a database, its schema brought up to date. Raises CatalogError,
    SourceUnavailable."""
    address = _address(said)
    if not address:
        raise CatalogError("database is missing: name it by --database, or by TILESERVER_DATABASE")
    try:
        from tileserver.register.register import Register
    except ImportError as error:
        raise CatalogError(
            "database: it cannot be reached from here: pip install 'tileserver[database]'"
        ) from error
    register = Register(address)
    try:
        _upgrade(register)
        yield register
    finally:
        register.close()


def _upgrade(register: Register) -> None:
    """Who runs a command may know why there is no database; those who ask a server may not."""
    try:
        register.upgrade()
    except SourceUnavailable as error:
        raise SourceUnavailable(f"the database does not answer: {reason(error)}") from error


def _address(said: str | None) -> str:
    return said or settings({}).database.get_secret_value()


def who() -> str:
    """Who changes things, for the audit."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):  # a container's user may have no name
        return "command line"


def audit(
    dataset: Annotated[str | None, typer.Argument(help="Only what was changed of it.")] = None,
    since: Annotated[str | None, typer.Option(help="Only from this time on, ISO 8601.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many at most.")] = 50,
    said: Database = None,
    as_json: JSON = False,
) -> None:
    """Tell who changed what, the newest first."""

    def work() -> None:
        with register_of(said) as register:
            at = None if since is None else parse_moment("since", since)
            found = register.audit(dataset=dataset, since=at, limit=limit)
        if as_json:
            for each in found:
                sys.stdout.write(orjson.dumps(describe_change(each)).decode() + "\n")
            return
        table = _table("when", "who", "what", "of")
        for each in found:
            table.add_row(each.at, each.who, each.action, each.dataset or _key_of(each))
        out.print(table)

    told(work)


def _key_of(audit: Audit) -> str:
    """The key that was made or revoked."""
    key = audit.after or audit.before or {}
    return f"{key['name']} ({key['id']})" if key else ""


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Whose it is, for logs and the audit.")],
    roles: Annotated[list[str] | None, typer.Option("--role", help="What it may see.")] = None,
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="What it may do: read, refresh, admin.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="A day, or a time, ISO 8601.")] = None,
    said: Database = None,
) -> None:
    """Make a key, which is told once.

    Without a database what is kept of it is told, too, for the file of TILESERVER_KEYS.
    """

    def work() -> None:
        at = None if expires is None else parse_expiry(expires, after=datetime.now(UTC))
        text, key = new_key(name, roles=roles or (), scopes=scopes or ("read",), expires=at)
        if _address(said):
            with register_of(said) as register:
                register.add_key(key, who=who())
        else:
            err.print(f"for the file of TILESERVER_KEYS:\n\n{written(key)}", highlight=False)
        out.print(text, markup=False, highlight=False, soft_wrap=True)

    told(work)


@keys.command("list")
def list_keys(said: Database = None, as_json: JSON = False) -> None:
    """List the keys of the database, without what opens anything."""

    def work() -> None:
        with register_of(said) as register:
            found = register.keys()
        if as_json:
            for key in found:
                sys.stdout.write(orjson.dumps(describe_key(key)).decode() + "\n")
        else:
            out.print(_key_table(found))

    told(work)


@keys.command("revoke")
def revoke_key(
    id: Annotated[str, typer.Argument(help="As `key list` tells it.")], said: Database = None
) -> None:
    """Take a key no longer, in all servers within seconds."""

    def work() -> None:
        with register_of(said) as register:
            register.revoke_key(id, who=who())

    told(work)


@database.command()
def upgrade(said: Database = None) -> None:
    """Bring the database's schema up to date, as servers do at their start."""

    def work() -> None:
        with register_of(said):
            out.print("the schema is up to date", highlight=False)

    told(work)


@database.callback()
def _database() -> None:
    """The database: upgrade."""


def _key_table(found: list[ApiKey]) -> Table:
    table = _table("id", "name", "roles", "scopes", "expires")
    for key in found:
        about = describe_key(key)
        lists = (", ".join(about[name]) for name in ("roles", "scopes"))
        table.add_row(key.id, key.name, *lists, about["expires"] or "")
    return table


def _table(*headers: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in headers:
        table.add_column(header, overflow="fold")
    return table
