"""The command line registers, tells and revokes in the database that servers follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests.register.test_registration import ADMIN, ids, serving, until, value, write
from tests.servers import PostgresServer
from tileserver.access.keyfile import read_keys
from tileserver.cli import app

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, number in (("sea", 1.0), ("deep/other", 2.0), ("files", 3.0)):
        write(tmp_path / "data" / f"{name}.zarr", number)
    catalog = {"datasets": [{"id": "files", "url": str(tmp_path / "data" / "files.zarr")}]}
    (tmp_path / "catalog.yaml").write_text(yaml.safe_dump(catalog))
    return tmp_path


@pytest.fixture
def run(data: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A command that works on a database of its own; its exit status is checked."""
    monkeypatch.setenv("TILESERVER_DATABASE", str(data / "tiles.db"))
    monkeypatch.setenv("TILESERVER_CATALOG", str(data / "catalog.yaml"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(data)

    def run(*words: str, status: int = 0) -> Result:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == status, done.output
        return done

    return run


def changes(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("audit", "--json").stdout.splitlines()]


def test_running_server_follows_the_command(data: Path, run: Run) -> None:
    """A dataset comes, changes, is opened anew and goes, as the command says."""
    with serving(data, str(data / "tiles.db")) as client:
        run("register", "data/sea.zarr", "--title", "Sea", "--set", "keywords=[a, b]")
        assert until(lambda: value(client) == 1.0)
        shown = client.get("/datasets/sea").json()
        assert (shown["title"], shown["keywords"]) == ("Sea", ["a", "b"])

        refused = run("register", "data/deep/other.zarr", "--id", "sea", status=1)
        assert "registered already" in refused.stderr
        run("register", "data/deep/other.zarr", "--id", "sea", "--replace")
        assert until(lambda: value(client) == 2.0)

        for dataset in ("sea", "files"):
            before = client.get(f"/datasets/{dataset}").json()["version"]
            run("refresh", dataset)
            assert until(
                lambda d=dataset, v=before: client.get(f"/datasets/{d}").json()["version"] != v  # type: ignore[misc]
            )
        run("unregister", "sea")
        assert until(lambda: ids(client) == ["files"])
    told = [(each["action"], each["dataset"]) for each in changes(run)]
    assert told == [
        ("unregister", "sea"), ("refresh", "files"), ("refresh", "sea"), ("change", "sea"),
        ("register", "sea"),
    ]  # fmt: skip
    assert all("command line" in each["who"] for each in changes(run))
    assert re.search(r"change +sea", run("audit", "sea").stdout)


def test_one_that_is_not_there_keeps_no_other(run: Run) -> None:
    """Of several that are taken out or opened anew; it is told."""
    run("register", "data/sea.zarr")
    for command in ("refresh", "unregister"):
        done = run(command, "nothing", "sea", status=1)
        assert "dataset='nothing'" in done.stderr
        assert done.stdout.startswith("sea: ")
    assert [each["action"] for each in changes(run)] == ["unregister", "refresh", "register"]


def test_audit_since(run: Run) -> None:
    """By any clock; keys are told by name."""
    run("key", "create", "ann")
    assert "ann (" in run("audit", "--since", "2020-01-01").stdout
    assert run("audit", "--json", "--since", "2100-01-01T00:00:00+02:00").stdout == ""
    [when] = [each["when"] for each in changes(run)]
    there = datetime.fromisoformat(when).astimezone(timezone(timedelta(hours=9))).isoformat()
    assert run("audit", "--json", "--since", there).stdout != ""


def test_what_cannot_be_opened(run: Run) -> None:
    """Is told and left out, others are registered; unchecked it is taken."""
    done = run("register", "data/sea.zarr", "data/nothing.zarr", status=1)
    assert done.stdout.startswith("sea: registered")
    assert "nothing: failed: url: no such file" in done.stderr
    assert len(changes(run)) == 1
    run("register", "data/nothing.zarr", "--no-check")
    assert len(changes(run)) == 2


def test_datasets_below_a_folder(run: Run, data: Path) -> None:
    """All that are found; a dry run only tells; asked again nothing changes."""
    run("register", "data", "--discover", "--dry-run")
    assert changes(run) == []
    done = run("register", "data", "--discover", "--prefix", "x-", "--set", "attribution=us")
    assert [line.split("  ")[0] for line in done.stdout.splitlines()] == [
        "x-deep-other: registered", "files: known", "x-sea: registered"
    ]  # fmt: skip
    assert changes(run)[0]["after"]["attribution"] == "us"
    again = run("register", "data", "--discover")
    assert "x-sea: known" in again.stdout
    assert len(changes(run)) == 2
    (data / "empty").mkdir()
    assert "nothing was found" in run("register", "empty", "--discover", status=1).stderr


def test_datasets_of_a_catalogue_file(run: Run, data: Path) -> None:
    """Are taken over, with the style sets that they name and their files by full names."""
    more = {
        "style_sets": {"blue": {"cold": {"colormap_name": "blues"}}},
        "datasets": [{"id": "sea", "url": "sea.zarr", "offers": ["blue"]}],
    }
    (data / "data" / "more.yaml").write_text(yaml.safe_dump(more))
    run("register", "data/more.yaml", "--set", "attribution=us")
    [change] = changes(run)
    assert change["after"] == {
        "id": "sea",
        "url": str(data / "data" / "sea.zarr"),
        "offers": ["blue"],
        "style_sets": {"blue": {"cold": {"colormap_name": "blues"}}},
        "attribution": "us",
    }
    with serving(data, str(data / "tiles.db")) as client:
        assert until(lambda: value(client) == 1.0)
    assert "stands in a file" in run("register", "catalog.yaml", status=1).stderr


def test_keys_from_the_command_line(run: Run, data: Path) -> None:
    """A key opens what it is for until it is revoked; it is told once, alone on its line."""
    text = run("key", "create", "ann", "--role", "staff", "--expires", "2100-12-31").stdout.strip()
    with serving(data, str(data / "tiles.db")) as client:
        told = client.get("/caller", headers={"X-API-Key": text}).json()
        assert (told["name"], told["roles"], told["scopes"]) == ("ann", ["staff"], ["read"])
        [key] = client.get("/keys", headers=ADMIN).json()["keys"]
        listed = json.loads(run("key", "list", "--json").stdout)
        assert listed == key
        assert listed["expires"] == "2100-12-31T23:59:59Z"
        assert key["id"] in run("key", "list").stdout
        run("key", "revoke", key["id"])
        assert until(lambda: client.get("/caller", headers={"X-API-Key": text}).status_code == 401)
    assert text.split("_", 2)[2] not in str(changes(run))


def test_key_without_a_database(run: Run, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept of it is told for the file of keys, which takes it as it is."""
    monkeypatch.delenv("TILESERVER_DATABASE")
    done = run("key", "create", "ann")
    (data / "keys.yaml").write_text(done.stderr.partition("\n\n")[2])
    [key] = read_keys(str(data / "keys.yaml")).values()
    assert (key.name, key.id) == ("ann", done.stdout.split("_")[1])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["unregister", "nothing"], "not registered"),
        (["refresh", "nothing"], "neither registered nor"),
        (["register", "data/*.tif"], "id is missing"),
        (["register", "a", "b", "--id", "x"], "--prefix is for several"),
        (["register", "s3://bucket/x.zarr", "--storage", "lab"], "no storage 'lab'"),
        (["register", "data/sea.zarr", "--set", "colour=red"], "colour: no such key"),
        (["register", "data/sea.zarr", "--set", "title"], "expected key=value"),
        (["register", "data", "--discover", "--each", "band"], "collection or item"),
        (["register", "none.yaml"], "cannot be read"),
        (["key", "create", "x", "--scope", "root"], "expected of read"),
        (["key", "create", "x", "--expires", "soon"], "expires"),
        (["key", "create", "x", "--expires", "2020-01-01"], "expected a time to come"),
        (["audit", "--since", "soon"], "since='soon'"),
        (["key", "revoke", "nothing"], "no such key"),
        (["audit", "--database", "mysql://ann:secret@h/x"], "expected a file for SQLite"),
        (["database", "upgrade", "--database", "/no/where/x.db"], "unable to open"),
    ],
)
def test_what_goes_wrong_is_told(run: Run, words: list[str], told: str) -> None:
    """In one line, with what to do, and without secrets."""
    done = run(*words, status=1)
    assert told in done.stderr
    assert "Traceback" not in done.output
    assert "secret" not in done.output


def test_without_a_database(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said how to name one."""
    monkeypatch.delenv("TILESERVER_DATABASE")
    assert "TILESERVER_DATABASE" in run("audit", status=1).stderr


def test_commands_on_postgresql(
    run: Run, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same by a URL."""
    monkeypatch.setenv("TILESERVER_DATABASE", postgres_server.new_database())
    assert "up to date" in run("database", "upgrade").stdout
    run("register", "data", "--discover", "--set", "title=All")
    assert len(changes(run)) == 2
