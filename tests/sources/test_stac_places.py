"""Assets are read where documents say by their extensions, with nobody's credentials but ours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from tests.formats.stores import add
from tests.s3 import S3Server
from tests.sources.tiff.geotiffs import new_cache, new_pool, numbers, run
from tileserver.config import DatasetConfig
from tileserver.dataset import Dataset, make_dataset
from tileserver.errors import CatalogError
from tileserver.layer import layers
from tileserver.plan import ReadPlan
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.shelf import Shelf
from tileserver.sources.source import Source
from tileserver.sources.stac.item import read_assets
from tileserver.sources.stac.location import Chooser
from tileserver.sources.storage.connection import Storage

from .stacs import asset, item, put

CDSE = {
    "cdse-s3": {"type": "custom-s3", "platform": "https://eodata.dataspace.copernicus.eu"},
    "creodias-s3": {
        "type": "custom-s3",
        "platform": "https://eodata.cloudferro.com",
        "requester_pays": True,
    },
}
LOGIN = {"type": "openIdConnect", "openIdConnectUrl": "https://login.example.org"}
NODES = "https://download.example.org/odata/v1/Products(1)/Nodes(B04.tif)/$value"
TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"


def cdse_item(assets: dict[str, Any], **schemes: Any) -> dict[str, Any]:
    """An item as the Copernicus Data Space Ecosystem has them."""
    return item(
        "a",
        "2024-01-01T00:00:00Z",
        assets,
        **{
            "auth:schemes": {"s3": {"type": "s3"}, "oidc": LOGIN},
            "storage:schemes": CDSE | schemes,
        },
    )


def cdse_asset(href: str, *refs: str, **more: Any) -> dict[str, Any]:
    """With the alternate that asks for a login."""
    return {
        "href": href,
        "type": TIFF,
        "roles": ["data"],
        "auth:refs": ["s3"],
        "storage:refs": list(refs or ("creodias-s3", "cdse-s3")),
        "alternate": {"https": {"href": NODES, "auth:refs": ["oidc"], "storage:refs": []}},
        **more,
    }


def chosen(
    document: dict[str, Any], storage: Storage | None = None, *references: str
) -> tuple[str, Shelf]:
    """Where the first asset is read."""
    shelf = Shelf("https://stac.example.org/i", Path(), storage, references)
    first, *_ = read_assets(document, shelf.root)
    return Chooser(shelf).choose(first.locations)


def test_an_endpoint_of_a_document() -> None:
    """It is asked as a web server is: without a price where there is one, without credentials."""
    document = cdse_item({"B04": cdse_asset("s3://eodata/x/B04.tif")})
    url, shelf = chosen(document, None, "s3://eodata/x/")
    assert url == "https://eodata.dataspace.copernicus.eu/eodata/x/B04.tif"
    assert shelf.storage is None
    assert shelf.may_read(url)
    assert not shelf.may_read("https://eodata.dataspace.copernicus.eu/eodata/y/B04.tif")
    assert not shelf.may_read("https://eodata.dataspace.copernicus.eu/eodata2/x/B04.tif")


def test_a_storage_of_the_dataset() -> None:
    """Its endpoint and credentials go before what documents say."""
    document = cdse_item({"B04": cdse_asset("s3://eodata/x/B04.tif")})
    storage = Storage(endpoint="https://own.example.org", access_key_id="k", secret_access_key="s")
    url, shelf = chosen(document, storage, "s3://eodata/")
    assert (url, shelf.storage) == ("s3://eodata/x/B04.tif", storage)


def test_places_that_ask_for_a_login() -> None:
    """They are taken last, though they may be named first."""
    locked = {"href": NODES, "type": TIFF, "auth:refs": ["oidc"],
              "alternate": {"s3": {"href": "s3://eodata/x.tif", "auth:refs": ["s3"],
                                   "storage:refs": ["cdse-s3"]}}}  # fmt: skip
    references = ("s3://eodata/", "https://download.example.org/")
    url, _ = chosen(cdse_item({"B04": locked}), Storage(endpoint="https://e.org"), *references)
    assert url == "s3://eodata/x.tif"


def test_a_price() -> None:
    """Who pays for reading is not decided by a document."""
    document = cdse_item({"B04": cdse_asset("s3://eodata/x.tif", "creodias-s3")})
    with pytest.raises(CatalogError, match="pays for it: name a storage with requester_pays"):
        chosen(document, None, "s3://eodata/")
    storage = Storage(endpoint="https://eodata.cloudferro.com", requester_pays=True)
    assert chosen(document, storage, "s3://eodata/")[0] == "s3://eodata/x.tif"


@pytest.mark.parametrize("version", [1, 2])
def test_a_region_of_aws(version: int) -> None:
    """It is taken over, and one store serves all assets of it."""
    scheme = {"type": "aws-s3", "platform": "https://{bucket}.s3.{region}.amazonaws.com",
              "region": "eu-central-1"}  # fmt: skip
    first = {"storage:platform": "AWS", "storage:region": "eu-central-1"}
    told = first if version == 1 else {"storage:refs": ["aws"]}
    document = cdse_item({"B04": {"href": "s3://b/x.tif", **told}}, aws=scheme)
    shelf = Shelf("https://stac.example.org/i", Path(), None, ("s3://b/",))
    (only,) = read_assets(document, shelf.root)
    chooser = Chooser(shelf)
    (url, first_shelf), (_, again) = (chooser.choose(only.locations) for _ in range(2))
    assert url == "s3://b/x.tif"
    assert first_shelf.storage == Storage(region="eu-central-1")
    assert first_shelf.stores is again.stores
    own = Storage(region="us-west-2", anonymous=True)
    assert chosen(document, own, "s3://b/")[1].storage == own


@pytest.mark.parametrize(
    "scheme",
    [
        None,
        7,
        {},
        {"type": "custom-s3"},
        {"type": "custom-s3", "platform": 7},
        {"type": "custom-s3", "platform": "file:///etc"},
        {"type": "ms-azure", "platform": "https://a.example.org"},
    ],
)
def test_schemes_that_are_none(scheme: Any) -> None:
    """They are passed over."""
    document = cdse_item({"B04": cdse_asset("s3://eodata/x.tif", "odd", "gone")}, odd=scheme)
    url, shelf = chosen(document, None, "s3://eodata/")
    assert (url, shelf.storage) == ("s3://eodata/x.tif", None)


async def opened(url: Path, **options: Any) -> Source:
    return await open_source(
        Origin((str(url),), Path(), **options), cache=new_cache(), pool=new_pool()
    )


async def first_values(source: Source, name: str) -> np.ndarray:
    variable = source.cube.variables[name]
    rows, cols = variable.grid.shape
    lead = (slice(0, 1),) * (len(variable.levels[0].shape) - 2)
    raw = await source.read(ReadPlan(name, 0, (*lead, slice(0, rows), slice(0, cols))))
    return variable.packing.decode(raw.reshape(rows, cols))


def stored(folder: Path, *refs: str) -> tuple[dict[str, Any], np.ndarray]:
    """An item's asset in the bucket eodata below a folder."""
    data = numbers("int16", shape=(60, 80))
    own = asset(folder / "eodata" / "x", "B04", data)
    return own | cdse_asset("s3://eodata/x/B04.tif", *refs), data[0]


def test_the_item_of_a_store_with_credentials(tmp_path: Path) -> None:
    """As CDSE has it: signed requests to the storage of the catalogue alone."""
    stored_asset, data = stored(tmp_path)
    put(tmp_path / "own" / "a.json", cdse_item({"B04": stored_asset}))

    async def check(server: S3Server) -> None:
        storage = Storage(endpoint=server.url, access_key_id="access-key",
                          secret_access_key="secret-key", allow_http=True)  # fmt: skip
        url = tmp_path / "own" / "a.json"
        with pytest.raises(CatalogError, match=r"references: \[s3://eodata/x/\]"):
            await opened(url, storage=storage)
        source = await opened(url, storage=storage, references=("s3://eodata/",))
        assert np.array_equal(await first_values(source, "B04"), data)

    with S3Server(tmp_path) as server:
        run(check(server))


def test_an_endpoint_in_this_network(tmp_path: Path) -> None:
    """A document names none, unless the catalogue allows it; then it is read unsigned."""
    stored_asset, data = stored(tmp_path, "own")
    url = tmp_path / "own" / "a.json"

    async def check(server: S3Server) -> None:
        scheme = {"type": "custom-s3", "platform": server.url}
        put(url, cdse_item({"B04": stored_asset}, own=scheme))
        with pytest.raises(CatalogError, match="private"):
            await opened(url, references=("s3://eodata/",))
        assert server.log == []
        storage = Storage(allow_private=True)
        source = await opened(url, storage=storage, references=("s3://eodata/",))
        assert np.array_equal(await first_values(source, "B04"), data)

    with S3Server(tmp_path, anonymous=True) as server:
        run(check(server))


@pytest.mark.parametrize("host", ["169.254.169.254", "[fd00:ec2::254]", "0.0.0.0"])
def test_endpoints_of_clouds(tmp_path: Path, host: str) -> None:
    """What tells secrets of the machine is never asked, whatever the catalogue allows."""
    scheme = {"type": "custom-s3", "platform": f"http://{host}"}
    document = cdse_item({"B04": cdse_asset("s3://eodata/x.tif", "own")}, own=scheme)
    url = put(tmp_path / "a.json", document)
    with pytest.raises(CatalogError):
        run(opened(url, references=("s3://eodata/",)))


GROUPS = ("measurements/reflectance/r10m", "measurements/reflectance/r20m")


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """A store whose groups are assets, as of EOPF's products; returns the item's folder."""
    root = zarr.create_group(tmp_path / "p.zarr", zarr_format=2)
    for path, names, step in zip(GROUPS, (("b02", "b04"), ("b02", "b05")), (10, 20), strict=True):
        size = 1200 // step
        group = root.create_group(path)
        for axis, first, sign in (("y", 5_000_000, -1), ("x", 500_000, 1)):
            add(group, axis, first + sign * step * (np.arange(size) + 0.5), (axis,), {})
        for name in names:
            data = np.full((size, size), int(name[1:]) * 100 + step, "u2")
            add(group, name, data, ("y", "x"), {"proj:epsg": 32632})
    zarr.consolidate_metadata(tmp_path / "p.zarr")
    return tmp_path


def group_asset(path: str, *bands: str, **more: Any) -> dict[str, Any]:
    return {
        "href": f"./p.zarr/{path}".rstrip("/"),
        "type": "application/vnd+zarr",
        "roles": ["data", "reflectance", "dataset"],
        "bands": [{"name": name} for name in bands],
        **more,
    }


SR = {
    "SR_10m": group_asset(GROUPS[0], "B02", "B04"),
    "SR_20m": group_asset(GROUPS[1], "B02", "B05"),
}
WHOLE = {"product": group_asset("", roles=["data", "metadata"])}
ALL = [
    "measurements.reflectance.b02",
    "measurements.reflectance.b04",
    "measurements.reflectance.b05",
]
CASES: list[tuple[dict[str, Any], tuple[str, ...], list[str]]] = [
    (SR | WHOLE, (), ALL),
    (SR | {"product": WHOLE["product"] | {"roles": ["metadata"]}}, (), ["b02", "b04", "b05"]),
    (SR | WHOLE, ("SR_10m", "SR_20m"), ["b02", "b04", "b05"]),
    (SR | WHOLE, ("SR_20m",), ["b02", "b05"]),
    ({"B04": group_asset(f"{GROUPS[0]}/b04", **{"zarr:node_type": "array"})}, (), ["b02", "b04"]),
    ({"B04": group_asset(f"{GROUPS[0]}/b04")}, (), ["b02", "b04"]),
]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_groups_of_a_store(product: Path, number: int) -> None:
    """Assets that are groups or arrays of one store make the cube of what they have in common."""
    assets, keys, expected = CASES[number]
    url = put(product / "a.json", item("a", "2024-01-01T00:00:00Z", assets))
    source = run(opened(url, assets=keys))
    assert sorted(source.cube.variables) == expected
    last = next(name for name in reversed(expected))
    assert len(np.unique(run(first_values(source, last)))) == 1


def test_a_group_of_the_dataset(product: Path) -> None:
    """It counts from that of the assets."""
    url = put(product / "a.json", item("a", "2024-01-01T00:00:00Z", SR | WHOLE))
    source = run(opened(url, group="/measurements/reflectance/r20m"))
    assert sorted(source.cube.variables) == ["b02", "b05"]
    source = run(opened(url, group="r20m", assets=("SR_10m", "SR_20m")))
    assert sorted(source.cube.variables) == ["b02", "b05"]


def test_renders_of_groups(product: Path) -> None:
    """Those of an asset are of the bands that it names."""
    renders = {
        "b04": {"assets": ["SR_10m"], "bands": ["b04"], "rescale": [[0, 500]],
                "colormap_name": "viridis"},
        "false": {"title": "False colours", "assets": ["SR_20m", "SR_10m"],
                  "bands": ["b05", "b04", "b02"], "rescale": [[0, 600]]},
        "ndvi": {"assets": ["SR_10m"], "expression": "(b05-b04)/(b05+b04)", "rescale": [[-1, 1]]},
    }  # fmt: skip
    document = item("a", "2024-01-01T00:00:00Z", SR | WHOLE, renders=renders)
    dataset = made(put(product / "a.json", document))
    style = dataset.config.styles["measurements.reflectance.b04"]
    assert (style.colormap_name, style.rescale) == ("viridis", (0, 500))
    assert dataset.config.composites["false"].title == "False colours"
    assert dataset.config.composites["false"].bands == tuple(ALL[::-1])
    assert dataset.config.composites["ndvi"].rescale == (-1, 1)
    own = made(product / "a.json", styles={"b04": {"rescale": [0, 7]}})
    assert own.config.styles["measurements.reflectance.b04"].rescale == (0, 7)


ODD_RENDERS: list[Any] = [
    7,
    [],
    {},
    {"assets": ["SR_10m"], "expression": "((("},
    {"assets": ["SR_10m"], "expression": "gone/b04"},
    {"assets": ["SR_10m"], "expression": "b04;b02;b05"},
    {"assets": ["SR_10m"], "bands": ["gone"]},
    {"assets": ["gone"], "rescale": [[0, 1]]},
    {"assets": ["SR_10m"], "bands": ["b04"], "colormap_name": "gone"},
    {"assets": ["SR_10m"], "bands": ["b04"], "rescale": [[1, 0]]},
    {"assets": ["SR_10m"], "bands": ["b04"], "rescale": "0,1"},
    {"assets": ["SR_10m"], "bands": ["b04"], "resampling": "lanczos", "scale": "cubic"},
    {"assets": ["SR_10m"], "bands": ["b02", "b04"]},
    {"assets": ["SR_10m"], "bands": [7, None]},
]


@pytest.mark.parametrize("name", ["b04", "x", "a b/c?", "measurements.reflectance.b04", ""])
def test_renders_that_are_none(product: Path, name: str) -> None:
    """What publishers say wrongly keeps no dataset from being served."""
    for odd in ODD_RENDERS:
        document = item("a", "2024-01-01T00:00:00Z", SR | WHOLE, renders={name: odd})
        dataset = made(put(product / "a.json", document))
        assert len(layers(dataset)) >= 3


def made(url: Path, **fields: Any) -> Dataset:
    """The document as a dataset of a catalogue."""
    config = DatasetConfig(id="a", url=str(url), **fields)
    return make_dataset(config, run(opened(url)))
