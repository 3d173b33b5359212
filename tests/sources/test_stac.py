"""STAC documents are cubes whose variables are assets and whose times are those of items."""

import asyncio
import json
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import rasterio
import zarr
from affine import Affine

from tests.s3 import S3Server
from tests.sources.tiff.geotiffs import TRANSFORM, new_cache, new_pool, numbers, run
from tileserver.errors import CatalogError, SourceError, TileserverError
from tileserver.plan import ReadPlan
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.storage.connection import Storage

from .stacs import TIFF, asset, collection, item, put, write_scenes


async def opened(url, base=Path(), **options):
    return await open_source(
        Origin((str(url),), base, **options), cache=new_cache(), pool=new_pool()
    )


async def whole(source, name, step, level=0):
    """All of a step at a level, physical."""
    variable = source.cube.variables[name]
    rows, cols = variable.levels[level].grid.shape
    plan = ReadPlan(name, level, (slice(step, step + 1), slice(0, rows), slice(0, cols)))
    raw = await source.read(plan)
    assert raw.dtype == variable.dtype
    held = source.held(plan)
    assert held is None or np.array_equal(held, raw, equal_nan=True)
    return variable.packing.decode(raw[0])


def by_rasterio(path, band=1, scale=1.0, offset=0.0, nodata=None):
    with rasterio.open(path) as file:
        data = file.read(band, masked=True).astype(np.float64)
    if nodata is not None:
        data = np.ma.masked_equal(data, nodata)
    return np.ma.filled(data * scale + offset, np.nan)


def assert_same(values, expected):
    assert np.array_equal(values, expected, equal_nan=True)


@pytest.mark.parametrize("base", ["", "relative"])
def test_collection(tmp_path, base, monkeypatch):
    """Assets are variables of their own grids; one that an item lacks is an empty step."""
    write_scenes(tmp_path)
    if base:
        monkeypatch.chdir(tmp_path.parent)

    async def check():
        url = f"{tmp_path.name}/collection.json" if base else tmp_path / "collection.json"
        source = await opened(url)
        cube = source.cube
        assert (cube.title, cube.description) == ("Some scenes", "of a place")
        assert list(cube.variables) == ["red", "scl"]
        assert cube.time.labels == tuple(f"2024-01-0{day}T10:00:00Z" for day in (1, 2, 3))
        red, scl = cube.variables.values()
        assert (red.title, red.units, red.dtype) == ("Red", "1", np.uint16)
        assert [level.shape for level in red.levels] == [(3, 200, 240), (3, 100, 120)]
        assert scl.levels[0].shape == (3, 100, 120)
        for step in range(3):
            path = tmp_path / f"i{step}/red.tif"
            expected = by_rasterio(path, scale=0.0001, offset=-0.1, nodata=0)
            assert_same(await whole(source, "red", step), expected)
        assert_same(await whole(source, "scl", 2), by_rasterio(tmp_path / "i2/scl.tif"))
        assert np.isnan(await whole(source, "scl", 1)).all()
        series = await source.read(ReadPlan("scl", 0, (slice(0, 3), slice(5, 6), slice(7, 8))))
        values = scl.packing.decode(series)[:, 0, 0]
        assert_same(values, [(await whole(source, "scl", step))[5, 7] for step in range(3)])

    run(check())


def test_few_files_are_opened(tmp_path):
    """What items say of places saves looking at all files."""
    write_scenes(tmp_path, 9)
    for number in range(1, 9):
        document = json.loads((tmp_path / f"i{number}/item.json").read_text())
        if number != 4:
            document["assets"]["red"]["href"] = "./gone.tif"
        put(tmp_path / f"i{number}/item.json", document)

    async def check():
        source = await opened(tmp_path / "collection.json", assets=("red",))
        assert list(source.cube.variables) == ["red"]
        assert source.cube.time.size == 9

    run(check())


@pytest.mark.parametrize("form", ["item", "features"])
def test_items_alone(tmp_path, form):
    """An Item is a cube of one time, an ItemCollection one of all times of its features."""
    assets = {"red": asset(tmp_path, "red", numbers("uint8"))}
    first = item("a", None, assets, start_datetime="2024-02-03T00:00:00Z")
    second = item("b", "2024-02-01T00:00:00Z", assets)
    document = (
        first if form == "item" else {"type": "FeatureCollection", "features": [first, second]}
    )
    put(tmp_path / "a.geojson", document)

    async def check():
        source = await opened(tmp_path / "a.geojson")
        times = ("2024-02-01T00:00:00Z", "2024-02-03T00:00:00Z")
        assert source.cube.time.labels == (times[1:] if form == "item" else times)
        assert_same(await whole(source, "red", 0), by_rasterio(tmp_path / "red.tif"))

    run(check())


def test_bands_of_an_asset(tmp_path):
    """Bands of one file are named after it and by their own names."""
    bands = [{"name": "B04", "eo:common_name": "red"}, {"name": "B08", "nodata": 100}]
    data = numbers("uint8", bands=2, shape=(60, 70))
    assets = {"sr": asset(tmp_path, "sr", data, bands=bands, file={"interleave": "pixel"})}
    put(tmp_path / "a.json", item("a", "2024-01-01T00:00:00Z", assets))

    async def check():
        source = await opened(tmp_path / "a.json")
        assert list(source.cube.variables) == ["sr.B04", "sr.B08"]
        expected = by_rasterio(tmp_path / "sr.tif", 2, nodata=100)
        assert_same(await whole(source, "sr.B08", 0), expected)

    run(check())


def test_neighbours(tmp_path):
    """Items of one time lie side by side; the first valid number is on top."""
    features = []
    for number, col in enumerate((0, 80)):
        data = numbers("int16", shape=(90, 100)) + 300 * number
        data[:, :9] = -1
        transform = TRANSFORM @ Affine.translation(col, 0)
        file = {"nodata": -1, "overviews": ()}
        assets = {"a": asset(tmp_path, f"a{number}", data, transform=transform, file=file)}
        features.append(item(f"i{number}", "2024-01-01T00:00:00Z", assets))
    put(tmp_path / "a.json", {"type": "FeatureCollection", "features": features})

    async def check():
        source = await opened(tmp_path / "a.json")
        assert source.cube.variables["a"].levels[0].shape == (1, 90, 180)
        values = await whole(source, "a", 0)
        assert_same(values[:, :100], by_rasterio(tmp_path / "a0.tif"))
        assert_same(values[:, 100:], by_rasterio(tmp_path / "a1.tif")[:, 20:])

    run(check())


def test_place_that_is_wrong(tmp_path):
    """A file that lies elsewhere than its item says is an error at its time."""
    features = []
    red = asset(tmp_path, "red", numbers("uint8"))
    for number in range(9):
        own = dict(red)
        if number == 1:
            own["proj:transform"] = [*(TRANSFORM @ Affine.translation(40, 0))]
        features.append(item("a", f"2024-01-0{number + 1}T00:00:00Z", {"red": own}))
    put(tmp_path / "a.json", {"type": "FeatureCollection", "features": features})

    async def check():
        source = await opened(tmp_path / "a.json")
        await whole(source, "red", 0)
        with pytest.raises(SourceError, match=r"time=2024-01-02.*proj:transform"):
            await whole(source, "red", 1)

    run(check())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"type": "Catalog"}, "register one of its collections"),
        ({"type": 5}, "STAC document of type 5"),
        ({"links": []}, "has no items"),
        ({"links": 7}, "has no items"),
        ({"links": [{"rel": "item", "href": "./no.json"}]}, "no such object"),
        (
            {"links": [{"rel": "item", "href": "../no.json"}]},
            "add that folder to the dataset's refer",
        ),
        ({"links": [{"rel": "item", "href": "s3://b/no.json"}]}, r"references: \[s3://b/\]"),
        ({"links": [{"rel": "item", "href": "file:///etc/passwd"}]}, "references"),
    ],
)
def test_documents_that_are_none(tmp_path, change, told):
    """What is wrong with a document is told in words."""
    put(tmp_path / "c.json", collection("./i0/item.json") | change)
    with pytest.raises(CatalogError, match=told):
        run(opened(tmp_path / "c.json"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"properties": {}}, "item a: it has no datetime"),
        ({"properties": {"datetime": "soon"}}, "datetime='soon': expected an ISO 8601 time"),
        ({"assets": {}}, "no asset of the items"),
        ({"assets": {"a": 5, "b": {"href": 7}}}, "no asset of the items"),
        ({"assets": {"a": {"href": "x.vrt", "type": TIFF}}}, "no asset of the items"),
        ({"assets": {"a": {"href": "/etc/x.tif", "type": TIFF}}}, "references"),
        ({"assets": {"a": {"href": "s3://b/x.tif", "type": TIFF}}}, r"references: \[s3://b/\]"),
        ({"assets": {"a": {"href": "x.tif", "type": TIFF}}}, "asset 'a': .*no such object"),
    ],
)
def test_items_that_are_none(tmp_path, change, told):
    """What is wrong with an item is told in words."""
    put(tmp_path / "a.json", item("a", "2024-01-01T00:00:00Z", {}) | change)
    with pytest.raises(CatalogError, match=told):
        run(opened(tmp_path / "a.json"))


@pytest.mark.parametrize("text", ["{", "[1]", "", "7", '{"type": "Feature"}', "\0"])
def test_texts_that_are_no_documents(tmp_path, text):
    """Whatever lies there, the error is one of ours."""
    (tmp_path / "a.json").write_text(text)
    with pytest.raises((CatalogError, SourceError)):
        run(opened(tmp_path / "a.json"))


def test_assets_that_are_chosen(tmp_path):
    """Only those are variables, and must be there and be of a kind that is read."""
    write_scenes(tmp_path)
    url = tmp_path / "collection.json"
    assert list(run(opened(url, assets=("scl",))).cube.variables) == ["scl"]
    with pytest.raises(CatalogError, match="no item has 'nir'"):
        run(opened(url, assets=("nir",)))
    with pytest.raises(CatalogError, match="'thumbnail' is neither"):
        run(opened(url, assets=("thumbnail",)))


def test_asset_that_cannot_be_served(tmp_path):
    """It is left out with a warning that says why."""
    assets = {
        "good": asset(tmp_path, "good", numbers("uint8")),
        "bad": asset(tmp_path, "bad", numbers("complex64"), file={"overviews": ()}),
    }
    put(tmp_path / "a.json", item("a", "2024-01-01T00:00:00Z", assets))
    source = run(opened(tmp_path / "a.json"))
    assert list(source.cube.variables) == ["good"]
    assert any("asset 'bad'" in text and "complex64" in text for text in source.cube.warnings)


def test_several_crs(tmp_path):
    """Files of several CRS make no variable; all are named."""
    for number, code in enumerate((32632, 32633)):
        own = tmp_path / f"i{number}"
        assets = {"a": asset(own, "a", numbers("uint8"), file={"crs": f"EPSG:{code}"})}
        document = item("a", f"2024-01-0{number + 1}", assets, **{"proj:epsg": code})
        put(own / "item.json", document)
    put(tmp_path / "c.json", collection("i0/item.json", "i1/item.json"))
    with pytest.raises(CatalogError, match=r"2 CRS \(EPSG:32632, EPSG:32633\)"):
        run(opened(tmp_path / "c.json"))


def test_zarr(tmp_path):
    """An Item whose asset is Zarr is that Zarr; groups of it are no stores of their own."""
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    for name, values, dims in (
        ("lat", np.arange(50, 40, -1.0), ["lat"]),
        ("lon", np.arange(5.0), ["lon"]),
        ("sst", np.arange(50.0).reshape(10, 5), ["lat", "lon"]),
    ):
        array = group.create_array(name, data=values)
        array.attrs["_ARRAY_DIMENSIONS"] = dims
    kind = "application/vnd+zarr"
    assets = {
        "product": {"href": "a.zarr", "type": kind},
        "sst": {"href": "a.zarr/sst", "type": kind},
        "meta": {"href": "a.zarr/.zmetadata", "type": "application/json", "roles": ["metadata"]},
    }
    put(tmp_path / "a.json", item("a", "2024-01-01T00:00:00Z", assets))
    source = run(opened(tmp_path / "a.json"))
    assert list(source.cube.variables) == ["sst"]
    assets["other"] = {"href": "b.zarr", "type": kind}
    put(tmp_path / "a.json", item("a", "2024-01-01T00:00:00Z", assets))
    with pytest.raises(CatalogError, match="2 Zarr stores"):
        run(opened(tmp_path / "a.json"))


def test_watch_and_version(tmp_path):
    """A document or a file that is written anew is seen, and makes another version."""
    write_scenes(tmp_path)
    url = tmp_path / "collection.json"

    async def check():
        first, same = await opened(url), await opened(url)
        assert first.version == same.version
        assert await first.watch.is_current()
        write_scenes(tmp_path, 4)
        assert not await first.watch.is_current()
        more = await opened(url)
        assert more.version != first.version
        asset(tmp_path / "i0", "red", numbers("uint16", shape=(200, 240)) + 5)
        assert not await more.watch.is_current()
        assert (await opened(url)).version != more.version

    run(check())


def test_s3(tmp_path):
    """Documents and files in a bucket are read by its storage; others only if they are named."""
    write_scenes(tmp_path / "bucket" / "scenes")
    moved = tmp_path / "bucket" / "files"
    (tmp_path / "bucket/scenes/i0").rename(moved)
    document = json.loads((moved / "item.json").read_text())
    for each in document["assets"].values():
        each["href"] = each["href"].replace("./", "s3://bucket/files/")
    put(tmp_path / "bucket/scenes/i0/item.json", document)

    async def check(server):
        storage = Storage(
            endpoint=server.url,
            access_key_id="access-key",
            secret_access_key="secret-key",
            allow_http=True,
        )
        url = "s3://bucket/scenes/collection.json"
        with pytest.raises(CatalogError, match=r"references: \[s3://bucket/files/\]"):
            await opened(url, storage=storage)
        source = await opened(url, storage=storage, references=("s3://bucket/files/",))
        expected = by_rasterio(moved / "red.tif", scale=0.0001, offset=-0.1, nodata=0)
        assert_same(await whole(source, "red", 0), expected)
        assert await source.watch.is_current()

    with S3Server(tmp_path) as server:
        run(check(server))


ODD = [
    None,
    0,
    -1,
    2**63,
    1e300,
    "",
    "x",
    "nan",
    [],
    [None],
    [1, 2],
    {},
    {"a": 1},
    True,
    "../x.tif",
]


def places_in(document, at=()):
    """The way to every value of a document."""
    inner = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in inner:
        yield (*at, key)
        if isinstance(value, dict | list):
            yield from places_in(value, (*at, key))


@pytest.mark.parametrize("seed", range(8))
def test_items_with_odd_values(tmp_path, seed):
    """Whatever stands in an item, it is served, or told in words."""
    random = Random(seed)
    bands = [{"nodata": 0, "scale": 0.1, "offset": 1, "unit": "K"}]
    assets = {"red": asset(tmp_path, "red", numbers("uint8"), **{"raster:bands": bands})}
    assets["red"]["alternate"] = {"s3": {"href": "s3://b/red.tif"}}
    document = item("a", "2024-01-01T00:00:00Z", assets)

    async def check():
        for place in random.sample(sorted(places_in(document), key=str), 12):
            changed = json.loads(json.dumps(document))
            inner = changed
            for key in place[:-1]:
                inner = inner[key]
            inner[place[-1]] = random.choice(ODD)
            put(tmp_path / "a.json", changed)
            with suppress(TileserverError):
                source = await opened(tmp_path / "a.json")
                for name in source.cube.variables:
                    rows = slice(0, min(9, source.cube.variables[name].grid.shape[0]))
                    await source.read(ReadPlan(name, 0, (slice(0, 1), rows, slice(0, 9))))

    run(check())


def test_prefixes_that_are_allowed(tmp_path):
    """Assets are held to the prefixes that all URLs must have, as the document is."""
    write_scenes(tmp_path)
    url = tmp_path / "collection.json"
    assert run(opened(url, allowed=(f"{tmp_path}/",))).cube.time.size == 3
    with pytest.raises(CatalogError, match="add that folder"):
        run(opened(url, allowed=(f"{tmp_path}/c",)))
    with pytest.raises(CatalogError, match="ALLOWED_URLS"):
        run(opened(url, allowed=("s3://b/",)))


class Api(BaseHTTPRequestHandler):
    """A STAC API of a folder's items, two to a page, which tells no versions."""

    protocol_version = "HTTP/1.1"
    folder = Path()
    endless = False

    def do_GET(self):
        parts = urlsplit(self.path)
        path = self.folder / parts.path.strip("/")
        if parts.path == "/collections/c":
            body = json.dumps(collection("/collections/c/items", relation="items")).encode()
        elif parts.path == "/collections/c/items":
            body = json.dumps(self._page(int(parse_qs(parts.query).get("at", ["0"])[0]))).encode()
        elif path.is_file():
            body = path.read_bytes()
        else:
            self.send_error(404)
            return
        first, last = 0, len(body) - 1
        if (wanted := self.headers.get("Range")) and self.command == "GET":
            first, last = (int(n) for n in wanted.removeprefix("bytes=").split("-"))
            last = min(last, len(body) - 1)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
        self.send_header("Content-Length", str(last - first + 1))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[first : last + 1])

    do_HEAD = do_GET  # noqa: N815

    def _page(self, at):
        items = sorted(self.folder.glob("*/item.json"))
        features = [json.loads(each.read_text()) for each in items[at : at + 2]]
        for each, path in zip(features, items[at : at + 2], strict=True):
            for one in each["assets"].values():
                one["href"] = one["href"].replace("./", f"/{path.parent.name}/")
        more = at + 2 < len(items) or self.endless
        following = 0 if self.endless else at + 2
        links = [{"rel": "next", "href": f"?limit=2&at={following}"}] if more else []
        return {"type": "FeatureCollection", "features": features, "links": links}

    def log_message(self, *_):
        pass


@pytest.fixture
def api(tmp_path):
    write_scenes(tmp_path, 5)
    handler = type("Own", (Api,), {"folder": tmp_path})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


def test_pages_of_an_api(tmp_path, api):
    """All pages of a STAC API are read, and are seen to change without telling versions."""
    address, _ = api

    async def check():
        storage = Storage(allow_private=True)
        source = await opened(f"{address}/collections/c", storage=storage)
        assert source.cube.time.size == 5
        expected = by_rasterio(tmp_path / "i4/red.tif", scale=0.0001, offset=-0.1, nodata=0)
        assert_same(await whole(source, "red", 4), expected)
        direct = await opened(f"{address}/collections/c/items?at=2", storage=storage)
        assert direct.cube.time.size == 3
        assert await source.watch.is_current()
        write_scenes(tmp_path, 6)
        assert not await source.watch.is_current()

    run(check())


def test_pages_without_an_end(api):
    """Pages that lead back to one another are an error, not a hang."""
    address, handler = api
    handler.endless = True
    with pytest.raises(CatalogError, match="do not come to an end"):
        run(opened(f"{address}/collections/c", storage=Storage(allow_private=True)))


def test_equal_reads_share(tmp_path):
    """Files are opened once, however many ask."""
    write_scenes(tmp_path)

    async def check():
        source = await opened(tmp_path / "collection.json")
        values = await asyncio.gather(*(whole(source, "red", 2) for _ in range(3)))
        assert_same(values[0], values[2])

    run(check())
