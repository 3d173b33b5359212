"""The viewer's configuration and files."""

import gzip
import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tileserver.web import DIRECTORY

from tileserver.app import create_app
from tileserver.config import read_config
from tileserver.errors import CatalogError
from tileserver.http.webfiles import FOR_GOOD, WebFiles
from tileserver.settings import Settings

LOGO = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
CATALOG = """
service: {title: Our cubes}
viewer:
  logo: logo.svg
  colors: {accent: "#7a3e9d"}
  language: de
  basemaps:
    - id: topo
      title: Topo
      url: "https://tile.example.org:8443/{z}/{x}/{y}.png"
      attribution: "<b>X</b>"
  basemap: topo
  terrain: {dataset: dem, variable: elevation}
"""


def served(folder: Path, text: str) -> TestClient:
    file = folder / "catalog.yaml"
    file.write_text(text)
    return TestClient(create_app(Settings(catalog=(str(file),))))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "logo.svg").write_bytes(LOGO)
    with served(tmp_path, CATALOG) as client:
        yield client


def test_configuration_is_the_catalogues(client: TestClient) -> None:
    """With a logo from its folder, and the service's title where the viewer has none."""
    found = client.get("/viewer").json()
    assert found.pop("logo").startswith("data:image/svg+xml;base64,")
    assert found == {
        "title": "Our cubes",
        "colors": {"accent": "#7a3e9d"},
        "language": "de",
        "basemaps": [
            {
                "id": "topo",
                "title": "Topo",
                "url": "https://tile.example.org:8443/{z}/{x}/{y}.png",
                "attribution": "<b>X</b>",
                "max_zoom": 19,
            }
        ],
        "basemap": "topo",
        "terrain": {"dataset": "dem", "variable": "elevation"},
        "welcome": None,
        "sign_in": False,
    }


def test_page_may_load_what_is_configured_and_nothing_else(client: TestClient) -> None:
    """Pictures of the basemap's host; scripts, styles and all else are its own."""
    policy = client.get("/").headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["default-src"] == "'self'"
    assert parts["img-src"].split() == ["'self'", "data:", "blob:", "https://tile.example.org:8443"]
    assert parts["form-action"] == "'none'"  # what is typed is sent by scripts alone
    assert "unsafe" not in policy


def test_without_a_configuration_no_other_host_is_named(tmp_path: Path) -> None:
    """Nor is there anything in it but the title."""
    with served(tmp_path, "datasets: []") as client:
        assert "http" not in client.get("/").headers["content-security-policy"]
        found = client.get("/viewer").json()
    assert {key for key, value in found.items() if value} == {"title"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colors: {accent: red}", "viewer.colors.accent"),
        ("language: fr", "viewer.language: expected one of"),
        ("basemap: topo", "no such basemap (known: offline, none)"),
        ("basemaps: [{id: a, title: A, url: 'https://a/{z}/{x}.png'}]", "{z}, {x} and {y}"),
        ("basemaps: [{id: a, title: A, url: 'javascript:x{z}{x}{y}'}]", "address of the web"),
        ("basemaps: [{id: a, title: A, url: 'https://{s}.a/{z}/{x}/{y}'}]", "host without"),
        ("basemaps: [{id: a, title: A, url: \"https://a;b 'x'/{z}/{x}/{y}\"}]", "address of the"),
        ("basemaps: [{id: none, title: A, url: 'https://a/{z}/{x}/{y}'}]", "choose another"),
        ("style: x", "no such key"),
    ],
)
def test_errors_name_the_key_and_the_remedy(text: str, told: str) -> None:
    """As all errors of the catalogue do."""
    with pytest.raises(CatalogError, match=r"^c\.yaml:\d+: viewer") as found:
        read_config("c.yaml", f"viewer: {{{text}}}")
    assert told in str(found.value)


@pytest.mark.parametrize(
    ("logo", "told"), [("gone.svg", "cannot be read"), ("logo.txt", "expected an https address")]
)
def test_a_logo_that_cannot_be_used_is_told(tmp_path: Path, logo: str, told: str) -> None:
    """At the start, before anybody looks."""
    with pytest.raises(CatalogError, match=told), served(tmp_path, f"viewer: {{logo: {logo}}}"):
        pass


def test_large_logos_are_refused(tmp_path: Path) -> None:
    """It is sent to every visitor."""
    (tmp_path / "logo.png").write_bytes(bytes(300_000))
    with (
        pytest.raises(CatalogError, match="300000 bytes"),
        served(tmp_path, "viewer: {logo: logo.png}"),
    ):
        pass


def test_scripts_are_compressed_for_those_who_take_it(client: TestClient) -> None:
    """The same bytes, with a tag of their own file, and 304 where the client has it."""
    plain = client.get("/static/main.js", headers={"Accept-Encoding": "identity"})
    with client.stream("GET", "/static/main.js") as small:
        body = b"".join(small.iter_raw())
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(body) == plain.content == (DIRECTORY / "main.js").read_bytes()
    assert int(small.headers["content-length"]) == len(body) < len(plain.content)
    assert small.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    again = client.get("/static/main.js", headers={"If-None-Match": small.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["package.json", "tests/hash.test.js", "node_modules/x.js", "__init__.py", "../app.py"]
)
def test_tools_are_not_served(client: TestClient, path: str) -> None:
    """Only what the page is made of."""
    assert client.get(f"/static/{path}").status_code == 404


def test_addresses_of_a_version_hold_for_good(client: TestClient) -> None:
    """The page names its files by one; of another version they are looked at each time."""
    page = client.get("/").text
    addresses = re.findall(r'(?:src|href)="(static/[^"]+)"', page)
    assert len(addresses) > 20
    for address in addresses:
        found = client.get(f"/{address}")
        assert (found.status_code, found.headers["cache-control"]) == (200, FOR_GOOD), address
    other = re.sub("@[0-9a-f]+", "@000000000000", addresses[0])
    assert client.get(f"/{other}").headers["cache-control"] == "no-cache"


def test_page_names_every_module_that_is_imported_at_once(client: TestClient) -> None:
    """As a browser would find them one after another; those imported later are not among them."""
    named = set(
        re.findall(r'modulepreload" href="static/@[0-9a-f]+/([^"]+)"', client.get("/").text)
    )
    found, waiting = {"main.js"}, ["main.js"]
    while waiting:
        module = waiting.pop()
        source = client.get(f"/static/{module}").text
        for path in re.findall(r'^(?:import|export|\}).*\bfrom "(\..*?)"', source, re.MULTILINE):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(module), path))
            if imported not in found:
                found.add(imported)
                waiting.append(imported)
    assert named == found - {"main.js"}


def test_version_is_that_of_the_contents(tmp_path: Path) -> None:
    """A touched file is the same, a written one is another version."""
    (tmp_path / "a.js").write_text("1")
    first = WebFiles(tmp_path).version()
    os.utime(tmp_path / "a.js", (1, 1))
    assert WebFiles(tmp_path).version() == first
    (tmp_path / "a.js").write_text("2")
    assert WebFiles(tmp_path).version() != first
