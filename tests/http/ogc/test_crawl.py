"""All that documents of OGC services link to is there, and is what they say, by every address."""

import html
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin
from xml.etree import ElementTree as ET

import httpx2 as httpx

from tests.http.ogc.wire import running
from tests.services.memory_catalog import GLOBE, _entry, _source, _variable
from tests.services.ogc.cubes import hard_catalog
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Dimension, Raw
from tileserver.dataset import make_dataset
from tileserver.settings import Settings

STARTS = (
    "/ogc",
    "/ogc?f=html",
    "/wmts?SERVICE=WMTS&REQUEST=GetCapabilities",
    "/wms?SERVICE=WMS&REQUEST=GetCapabilities",
    "/wms?SERVICE=WMS&REQUEST=GetCapabilities&VERSION=1.1.1",
)
OTHERS = ("/edr", "/stac")  # protocols whose own tests go on from here
AWKWARD = "a+b?#%2e &\"'<ø"
PROXY = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "maps.example",
    "X-Forwarded-Prefix": "/geo/cubes",
}
WMTS = "{http://www.opengis.net/wmts/1.0}"
OWS = "{http://www.opengis.net/ows/1.1}"
HREF = "{http://www.w3.org/1999/xlink}href"
_HTML_LINK = re.compile(r'<[^<>]* (?:href|src)="([^"]+)"')
_SERVICE = re.compile(r"/wm(s|ts)(/[^/?]+)?\??$")  # where requests go, no document by itself
_PLACE = re.compile(r"\{([^}]+)\}")

Found = Iterator[tuple[str, str | None]]


def awkward_catalog(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """What is hard to describe, and what is hard to write into an address."""
    made = hard_catalog(cache, pool)
    dimension = Dimension(AWKWARD, (AWKWARD, "z"))
    source = _source([dimension], _variable(AWKWARD, GLOBE, dimension, valid_range=(0.0, 250.0)))
    config = DatasetConfig.model_validate({"id": "a.b-_", "url": "memory", "title": AWKWARD})
    made.entries["a.b-_"] = _entry(make_dataset(config, source))
    return made


@dataclass
class Crawl:
    """A walk over links that begin with an address, which a proxy takes off."""

    client: httpx.Client
    base: str
    wrong: list[str] = field(default_factory=list)
    seen: dict[str, str | None] = field(default_factory=dict)

    def run(self) -> None:
        """Follow every link once."""
        waiting = deque((self.base + start, None) for start in STARTS)
        while waiting:
            address, media_type = waiting.popleft()
            if address in self.seen:
                continue
            if not address.startswith(f"{self.base}/"):
                assert "127.0.0.1" not in address, address
                continue
            self.seen[address] = media_type
            answer = self.client.get(address.removeprefix(self.base))
            served = answer.headers.get("content-type", "")
            if answer.status_code != 200 or not _is(served, media_type):
                self.wrong.append(f"{answer.status_code} {served}, not {media_type}: {address}")
                continue
            if address.removeprefix(self.base) in OTHERS:
                continue
            for link, told in _links(answer.content, served):
                waiting.append((urljoin(address, link).partition("#")[0], told))


def _is(served: str, told: str | None) -> bool:
    bare = served.removesuffix("; charset=utf-8")
    return told is None or told.replace("; ", ";") in (served.replace("; ", ";"), bare)


def _links(body: bytes, media_type: str) -> Found:
    if "json" in media_type:
        document = json.loads(body)
        yield from _of_json(document, _lowest(document))
    elif "html" in media_type:
        for link in _HTML_LINK.findall(body.decode()):
            yield html.unescape(link), None
    elif "xml" in media_type and "svg" not in media_type:
        yield from _of_xml(ET.fromstring(body))


def _lowest(document: object) -> Mapping[str, str]:
    """The first tile of a tileset."""
    limits = document.get("tileMatrixSetLimits") if isinstance(document, dict) else None
    if not limits:
        return {"tileMatrix": "0", "tileRow": "0", "tileCol": "0"}
    row, col = str(limits[0]["minTileRow"]), str(limits[0]["minTileCol"])
    return {"tileMatrix": limits[0]["tileMatrix"], "tileRow": row, "tileCol": col}


def _of_json(value: object, tile: Mapping[str, str]) -> Found:
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from _of_json(each, tile)
    # What is of any variable a test of the datasets' documents follows.
    if isinstance(value, dict) and "{variable}" not in value.get("href", "{variable}"):
        yield _filled(value["href"], tile), value.get("type")


def _of_xml(root: ET.Element) -> Found:
    for element in root.iter():
        address = element.get(HREF)
        if address and not _SERVICE.search(address):
            yield address, element.get("format")
    for layer in root.iter(f"{WMTS}Layer"):
        for values in _requests(layer):
            for resource in layer.iter(f"{WMTS}ResourceURL"):
                yield _filled(resource.attrib["template"], values), resource.get("format")


def _requests(layer: ET.Element) -> Iterator[Mapping[str, str]]:
    """Values for the templates of a layer: each style, set and coordinate at least once."""
    dims = {
        each.findtext(f"{OWS}Identifier", ""): [v.text or "" for v in each.iter(f"{WMTS}Value")]
        for each in layer.iter(f"{WMTS}Dimension")
    }
    styles = [each.findtext(f"{OWS}Identifier", "") for each in layer.iter(f"{WMTS}Style")]
    for link in layer.iter(f"{WMTS}TileMatrixSetLink"):
        limit = link.find(f"{WMTS}TileMatrixSetLimits/{WMTS}TileMatrixLimits")
        low = {each.tag.removeprefix(WMTS): each.text or "" for each in limit or ()}
        for n in range(max([len(styles), *map(len, dims.values())])):
            yield {
                "TileMatrixSet": link.findtext(f"{WMTS}TileMatrixSet", ""),
                "TileMatrix": low.get("TileMatrix", "0"),
                "TileRow": low.get("MinTileRow", "0"),
                "TileCol": low.get("MinTileCol", "0"),
                "Style": styles[n % len(styles)],
                "style": styles[n % len(styles)],
                "I": "255",
                "J": "0",
                **{name: values[n % len(values)] for name, values in dims.items()},
            }


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda found: quote(values[found[1]], safe=""), template)


@contextmanager
def client(trusted: str, headers: Mapping[str, str] | None = None) -> Iterator[httpx.Client]:
    """A client of a server, which TestClient is none of: that decodes paths twice."""
    with (
        running(create_app(Settings(trusted_proxies=trusted), awkward_catalog)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
    ):
        yield client


def test_every_link() -> None:
    """From the landing page and the capabilities, by all encodings, styles, sets and steps."""
    with client("") as direct:
        crawl = Crawl(direct, str(direct.base_url).rstrip("/"))
        crawl.run()
    assert crawl.wrong == []
    assert len(crawl.seen) > 500


def test_behind_a_proxy() -> None:
    """The same by the address of a proxy that takes off a prefix."""
    with client("127.0.0.1", PROXY) as proxied:
        crawl = Crawl(proxied, "https://maps.example/geo/cubes")
        crawl.run()
    assert crawl.wrong == []
    assert len(crawl.seen) > 500


def test_behind_a_stranger() -> None:
    """One that is not trusted changes no document."""
    with client("10.0.0.0/8", PROXY) as strange:
        for start in STARTS:
            answer = strange.get(start)
            assert answer.status_code == 200
            assert b"maps.example" not in answer.content
