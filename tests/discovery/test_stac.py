"""STAC catalogues, collections, APIs and searches name datasets, by collection or by item."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sources.stacs import collection, item, put, write_scenes
from tests.sources.tiff.geotiffs import new_cache, new_pool, run
from tileserver.discovery.found import Bounds, Findings
from tileserver.discovery.search import discover
from tileserver.errors import CatalogError
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.storage.connection import Storage

PRIVATE = Storage(allow_private=True)


def found_in(url: object, storage: Storage | None = None, **options: Any) -> Findings:
    return run(discover(str(url), storage, **options))


def urls_of(found: Findings, root: object) -> dict[str, str]:
    return {each.id: each.url.removeprefix(f"{root}/") for each in found.datasets()}


def catalog(*children: str, **more: Any) -> dict[str, Any]:
    """A Catalog with children."""
    return {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "root",
        "description": "all",
        "links": [{"rel": "child", "href": href} for href in children],
        **more,
    }


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A catalogue of a catalogue of two collections, one of which comes to a loop."""
    for name in ("one", "two"):
        document = write_scenes(tmp_path / "inner" / name, 2)
        put(tmp_path / "inner" / name / "collection.json", document | {"id": name})
    put(tmp_path / "inner" / "catalog.json", catalog("one/collection.json", "two/collection.json"))
    put(tmp_path / "catalog.json", catalog("inner/catalog.json", "catalog.json", "gone.json"))
    return tmp_path


def test_a_catalogue(tree: Path) -> None:
    """Its collections at any depth, each once; a child that is gone is told."""
    found = found_in(tree / "catalog.json")
    assert urls_of(found, tree) == {
        "one": "inner/one/collection.json",
        "two": "inner/two/collection.json",
    }
    assert [each.title for each in found.datasets()] == ["Some scenes"] * 2
    assert found.missed == ["gone.json: no such object"]
    for each in found.datasets():
        source = run(open_source(Origin((each.url,), Path()), cache=new_cache(), pool=new_pool()))
        assert source.cube.time is not None
        assert source.cube.time.size == 2


def test_items_of_a_collection(tree: Path) -> None:
    """Each is a dataset, without being read."""
    root = tree / "inner" / "one"
    (root / "i1" / "item.json").unlink()
    found = found_in(root / "collection.json")
    assert {each.url for each in found.datasets()} == {f"{root}/i{n}/item.json" for n in (0, 1)}
    whole = found_in(root / "collection.json", each="collection")
    assert urls_of(whole, root) == {"one": "collection.json"}
    every = found_in(tree / "catalog.json", each="item")
    assert len(every.datasets()) == 4


def test_zarr_stores_of_a_collection(tmp_path: Path) -> None:
    """A collection whose own assets are Zarr is these."""
    assets = {
        "day": {"href": "s3://other/day.zarr", "type": "application/vnd+zarr", "title": "Daily"},
        "year": {"href": "./year.zarr/", "type": "application/vnd+zarr", "roles": ["data"]},
        "thumb": {"href": "./t.png", "type": "image/png"},
    }
    url = put(tmp_path / "collection.json", collection(assets=assets))
    found = found_in(url)
    assert {each.id: (each.url, each.kind, each.title) for each in found.datasets()} == {
        "c-day": ("s3://other/day.zarr", "zarr", "Daily"),
        "c-year": (f"{tmp_path}/year.zarr", "zarr", "Some scenes"),
    }


@pytest.mark.parametrize("href", ["/etc/x.zarr", "file:///etc/x.zarr", "../x.zarr"])
def test_zarr_stores_of_this_machine(tmp_path: Path, href: str) -> None:
    """A document names none that lie outside of its folder."""
    asset = {"href": href, "type": "application/vnd+zarr"}
    url = put(tmp_path / "own" / "collection.json", collection(assets={"x": asset}))
    assert found_in(url).datasets() == []


def test_what_lies_elsewhere(tmp_path: Path) -> None:
    """Links out of the folder are not followed, and told."""
    document = collection("/etc/item.json", "s3://other/item.json")
    found = found_in(put(tmp_path / "own" / "collection.json", document))
    assert found.datasets() == []
    assert len(found.missed) == 1
    assert "elsewhere" in found.missed[0]
    out = found_in(put(tmp_path / "own" / "catalog.json", catalog("../../x/collection.json")))
    assert out.datasets() == []
    assert "points out of its folder" in out.missed[0]


def test_what_is_no_stac(tmp_path: Path) -> None:
    """It is refused in words."""
    url = put(tmp_path / "x.json", {"type": "FeatureGroup"})
    with pytest.raises(CatalogError, match="type FeatureGroup: expected a STAC Catalog"):
        found_in(url)


class Api(BaseHTTPRequestHandler):
    """A STAC API of three collections, two to a page, each with three items, two to a page."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path, at = urlsplit(self.path).path, self._at()
        match path.strip("/").split("/"):
            case ["stac"]:
                data = {"rel": "data", "href": self._url("/stac/collections")}
                child = {"rel": "child", "href": self._url("/stac/collections/c0")}
                document = catalog() | {"links": [data, child]}
            case ["stac", "collections"]:
                document = self._page("collections", [self._collection(n) for n in range(3)], at)
            case ["stac", "collections", name, "items"]:
                document = self._page("features", [self._item(name, n) for n in range(3)], at)
            case ["stac", "search"]:
                document = self._page("features", [self._item("c0", n) for n in range(3)], at)
            case ["stac", "collections", name]:
                document = self._collection(int(name[1:]))
            case _:
                self.send_error(404)
                return
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def _at(self) -> int:
        return int(parse_qs(urlsplit(self.path).query).get("at", ["0"])[0])

    def _url(self, path: str) -> str:
        return f"http://{self.headers['Host']}{path}"

    def _collection(self, number: int) -> dict[str, Any]:
        own = f"/stac/collections/c{number}"
        links = [{"rel": "self", "href": self._url(own)}, {"rel": "items", "href": f"{own}/items"}]
        return collection() | {"id": f"c{number}", "links": links}

    def _item(self, name: str, number: int) -> dict[str, Any]:
        own = self._url(f"/stac/collections/{name}/items/{name}-{number}")
        link = {"rel": "self", "href": own}
        if number == 1:  # that tells its collection alone
            link = {"rel": "collection", "href": self._url(f"/stac/collections/{name}")}
        return item(f"{name}-{number}", "2024-01-01T00:00:00Z", {}) | {"links": [link]}

    def _page(self, key: str, all: list[dict[str, Any]], at: int) -> dict[str, Any]:
        path = urlsplit(self.path).path
        following = {"rel": "next", "href": self._url(f"{path}?at={at + 2}")}
        kind = {"type": "FeatureCollection"} if key == "features" else {}
        return {**kind, key: all[at : at + 2], "links": [following] if at + 2 < len(all) else []}

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    Api.asked.clear()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/stac"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["", "/", "/collections"])
def test_an_api(api: str, path: str) -> None:
    """All pages of its collections; each by its own address."""
    found = found_in(f"{api}{path}", PRIVATE)
    assert urls_of(found, api) == {f"c{n}": f"collections/c{n}" for n in range(3)}
    assert found.missed == []


@pytest.mark.parametrize("path", ["/search?collections=c0", "/collections/c0"])
def test_items_of_an_api(api: str, path: str) -> None:
    """All pages of a search, or of a collection's items."""
    found = found_in(f"{api}{path}", PRIVATE)
    assert urls_of(found, api) == {f"c0-{n}": f"collections/c0/items/c0-{n}" for n in range(3)}


def test_an_api_of_this_network(api: str) -> None:
    """It is not asked unless a storage of the catalogue allows that."""
    with pytest.raises(CatalogError, match="private"):
        found_in(api)
    assert Api.asked == []


def test_a_bounded_way_through_an_api(api: str) -> None:
    """Documents are counted, so that no API leads on for ever."""
    found = found_in(api, PRIVATE, bounds=Bounds(looks=2))
    assert len(found.datasets()) == 2
    assert found.missed == ["folders or documents beyond the first 2: narrow the url"]
