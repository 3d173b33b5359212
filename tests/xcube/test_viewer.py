"""The viewer's files, and how it is told of its server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
import yaml

from tests.conftest import running

CONFIG = "/xcube/viewer/config/config.json"


def write_viewer(folder: Path) -> None:
    """What is there of a build, in small."""
    (folder / "assets").mkdir(parents=True)
    (folder / "images").mkdir()
    (folder / "index.html").write_text("<!DOCTYPE html><title>Viewer</title>")
    (folder / "assets" / "main-abc.js").write_text("export default 1;\n" * 500)
    (folder / "assets" / "roboto.woff2").write_bytes(b"wOF2")
    (folder / "images" / "logo.png").write_bytes(b"\x89PNG")
    (folder / "secret.yaml").write_text("password: x")


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One without datasets."""
    path = tmp_path_factory.mktemp("catalog") / "catalog.yaml"
    path.write_text(yaml.safe_dump({"service": {"title": "Our cubes"}, "datasets": []}))
    return path


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory, catalog: Path) -> Iterator[httpx.Client]:
    """A client of a server with a viewer, whose folder lies as in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    write_viewer(folder / "xcube" / "webapi" / "viewer" / "dist")
    flags = ("--catalog", str(catalog), "--xcube-viewer", str(folder))
    with running(*flags) as url, httpx.Client(base_url=url) as client:
        yield client


def test_page_may_do_no_more_than_it_needs(viewer: httpx.Client) -> None:
    """Scripts are its own files; it is looked at anew each time."""
    page = viewer.get("/xcube/viewer/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors *" in policy
    assert page.headers["cache-control"] == "no-cache"
    assert viewer.get("/xcube/viewer/index.html").text == page.text


def test_folder_leads_to_its_page(viewer: httpx.Client) -> None:
    """Its files are named from there; what is asked goes along."""
    found = viewer.get("/xcube/viewer?compact=1")
    assert found.status_code == 307
    assert found.headers["location"] == f"{viewer.base_url}/xcube/viewer/?compact=1".replace(
        "//xcube", "/xcube"
    )


def test_viewer_finds_its_server(viewer: httpx.Client) -> None:
    """By its configuration, behind whatever it was reached; it asks for no states, which are not
    kept."""
    document = viewer.get(CONFIG).json()
    assert document["server"]["url"] == f"{str(viewer.base_url).rstrip('/')}/xcube"
    assert document["server"]["name"] == document["branding"]["appBarTitle"] == "Our cubes"
    assert document["branding"]["allowSharing"] is False


def test_files(viewer: httpx.Client) -> None:
    """Compressed, and for good where their names say what is in them."""
    script = viewer.get("/xcube/viewer/assets/main-abc.js")
    assert script.headers["content-encoding"] == "gzip"
    assert "immutable" in script.headers["cache-control"]
    assert viewer.get("/xcube/viewer/assets/roboto.woff2").content == b"wOF2"
    # Where a viewer has a configuration it looks for its logo beside it.
    assert viewer.get("/xcube/viewer/config/images/logo.png").content == b"\x89PNG"


@pytest.mark.parametrize(
    "path",
    [
        "secret.yaml",
        "lacking.js",
        "assets",
        "..%2findex.html",
        "%2e%2e/%2e%2e/viewer.py",
        "config/",
    ],
)
def test_nothing_else_is_shown(viewer: httpx.Client, path: str) -> None:
    """Neither other files nor folders, here or elsewhere."""
    assert viewer.get(f"/xcube/viewer/{path}").status_code == 404


def test_operator_says_more(tmp_path: Path, catalog: Path) -> None:
    """What stands in the folder's own configuration counts; the rest is filled in."""
    write_viewer(tmp_path / "dist")
    (tmp_path / "dist" / "config").mkdir()
    own = {"name": "ours", "branding": {"appBarTitle": "Mine", "allowSharing": True}}
    (tmp_path / "dist" / "config" / "config.json").write_text(json.dumps(own))
    with running("--catalog", str(catalog), "--xcube-viewer", str(tmp_path / "dist")) as url:
        document = httpx.get(url + CONFIG).json()
    assert document["name"] == "ours"
    assert document["branding"]["appBarTitle"] == "Mine"
    assert document["branding"]["allowSharing"] is True
    assert document["branding"]["windowTitle"] == "Our cubes"
    assert document["server"]["url"] == f"{url}/xcube"


def test_without_a_viewer_there_is_none(xcube: httpx.Client) -> None:
    """404, in the words of the API."""
    answer = xcube.get("/viewer/")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_wrong_folder_is_told(tmp_path: Path, catalog: Path) -> None:
    """In one line, before anything is served."""
    command = [sys.executable, "-m", "tileserver", "serve", "--port", "0"]
    command += ["--catalog", str(catalog), "--xcube-viewer", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    assert "xcube_viewer: " in done.stderr
    assert "has no index.html" in done.stderr
    assert "Traceback" not in done.stderr


def test_states_are_not_kept(xcube: httpx.Client) -> None:
    """501, by which the viewer knows that it cannot share them."""
    assert xcube.get("/viewer/state", params={"key": "sentinel"}).status_code == 501
    assert xcube.put("/viewer/state", json={}).status_code == 501


def test_server_tells_of_itself(xcube: httpx.Client) -> None:
    """What the viewer asks when it begins."""
    assert xcube.get("/").json()["name"] == "Data cubes"
    assert xcube.get("/maintenance/update").json() == {}
    assert xcube.get("/viewer/ext/contributions").json() == {
        "result": {"extensions": [], "contributions": {}}
    }
    namespace = xcube.get("/expressions/capabilities").json()["namespace"]
    assert "where(X,Y,Z)" in namespace["arrayFunctions"]
    assert "pi" in namespace["constants"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("north*2", 200),
        ("(north-spread)/(north+spread)", 200),
        ("lacking+1", 400),
        ("north+", 400),
        ("__import__('os')", 400),
    ],
)
def test_expressions_are_checked(xcube: httpx.Client, text: str, status: int) -> None:
    """As a user writes them."""
    path = "/expressions/validate/globe/" + text.replace("/", "%2F").replace("+", "%2B")
    answer = xcube.get(path)
    assert answer.status_code == status
    if status == 400:
        assert "expression" in answer.json()["error"]["message"]


def test_places_are_not_there(xcube: httpx.Client) -> None:
    """404, as where none are configured."""
    assert xcube.get("/places").status_code == 404
    assert xcube.get("/datasets/globe/places/mine").status_code == 404
