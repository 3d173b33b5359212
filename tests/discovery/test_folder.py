"""Below a folder of a bucket or disk every dataset is found, and can be opened as it is told."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.s3 import S3Server
from tests.sources.stacs import write_scenes
from tests.sources.tiff.geotiffs import new_cache, new_pool, numbers, run, write
from tileserver.discovery.found import Bounds, Findings, Found
from tileserver.discovery.search import discover
from tileserver.errors import CatalogError, SourceError
from tileserver.sources.opening import Origin, open_source
from tileserver.sources.storage.connection import Storage


def write_zarr(folder: Path, version: int = 3) -> None:
    """A small map."""
    group = zarr.open_group(folder, mode="w", zarr_format=version)
    for name, values in {"lat": np.linspace(1, -1, 4), "lon": np.linspace(0, 3, 6)}.items():
        made = group.create_array(name, data=values, **_dims(version, name))
        made.attrs.update(_named(version, name))
    data = np.arange(24, dtype=np.float32).reshape(4, 6)
    made = group.create_array("t", data=data, **_dims(version, "lat", "lon"))
    made.attrs.update(_named(version, "lat", "lon"))


def _dims(version: int, *names: str) -> dict[str, list[str]]:
    return {"dimension_names": list(names)} if version == 3 else {}


def _named(version: int, *names: str) -> dict[str, list[str]]:
    return {} if version == 3 else {"_ARRAY_DIMENSIONS": list(names)}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bucket of all sorts; returns the folder that holds it."""
    root = tmp_path_factory.mktemp("root")
    data = root / "bucket" / "data"
    write_zarr(data / "cube.zarr")
    write_zarr(data / "deep" / "er" / "plain", version=2)  # that its name does not tell
    for day in (1, 2, 3):
        path = data / f"2020/0{day}/ndvi_20200{day}01.tif"
        path.parent.mkdir(parents=True)
        write(path, numbers("uint8"))
    write(data / "Höhe über NN.tif", numbers("uint8"))
    write_scenes(data / "scenes", 2)
    (data / "notes.json").write_text('{"just": "notes"}')
    (data / "readme.txt").write_text("data")
    write_zarr(data / "cube.optimized" / "overviews-1.zarr")
    return root


def found_in(url: str, storage: Storage | None = None, **options: int) -> Findings:
    return run(discover(url, storage, bounds=Bounds(**options)))


def storage_of(server: S3Server) -> Storage:
    return Storage(
        endpoint=server.url, access_key_id="access-key", secret_access_key="secret-key",
        allow_http=True,
    )  # fmt: skip


def assert_all(found: list[Found], root: str, storage: Storage | None) -> None:
    """The datasets of the bucket are found, and open."""
    digits = "[0-9]" * 4, "[0-9]" * 2, "[0-9]" * 8
    assert {each.id: (each.kind, each.url.removeprefix(root)) for each in found} == {
        "cube": ("zarr", "/cube.zarr"),
        "deep-er-plain": ("zarr", "/deep/er/plain"),
        "H-he-ber-NN": ("tiff", "/Höhe über NN.tif"),
        "ndvi": ("stack", f"/{digits[0]}/{digits[1]}/ndvi_{digits[2]}.tif"),
        "scenes": ("stac", "/scenes/collection.json"),
    }
    for each in found:
        origin = Origin((each.url,), Path(), storage, time_pattern=each.time_pattern)
        source = run(open_source(origin, cache=new_cache(), pool=new_pool()))
        assert source.cube.variables
        if each.id == "ndvi":
            assert source.cube.time is not None
            assert [label[:10] for label in source.cube.time.labels] == [
                "2020-01-01", "2020-02-01", "2020-03-01"
            ]  # fmt: skip


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_prefix_of_a_bucket(bucket: Path, slash: str) -> None:
    """Stores, files, stacks and collections, but no copies of ours, and nothing of what is none."""
    with S3Server(bucket) as server:
        found = found_in(f"s3://bucket/data{slash}", storage_of(server))
        assert found.missed == []
        assert not [each for each in server.log if "cube.zarr" in each.query]  # nor looked into
        assert_all(found.datasets(), "s3://bucket/data", storage_of(server))


def test_a_folder_of_the_disk(bucket: Path) -> None:
    """The same on a disk."""
    root = bucket / "bucket" / "data"
    assert_all(found_in(str(root)).datasets(), str(root), None)


def test_a_dataset_itself(bucket: Path) -> None:
    """What is one already is found as itself, called after its name."""
    for name, id in (("cube.zarr", "cube"), ("deep/er/plain", "plain")):
        url = f"{bucket}/bucket/data/{name}"
        assert found_in(url).datasets() == [Found(id, url, "zarr")]
    url = f"{bucket}/bucket/data/2020/01/ndvi_20200101.tif"
    assert found_in(url).datasets() == [Found("ndvi_20200101", url, "tiff")]


def test_bounds_are_told(bucket: Path) -> None:
    """Datasets, folders and depth are bounded, and what is left out is told."""
    root = f"{bucket}/bucket/data"
    few = found_in(root, most=2)
    assert len(few.datasets()) == 2
    assert few.missed == ["datasets beyond the first 2: narrow the url"]
    shallow = found_in(root, depth=1)
    assert "deep-er-plain" not in {each.id for each in shallow.datasets()}
    assert shallow.missed == ["folders more than 1 below: discover them by their url"]
    once = found_in(root, looks=1)
    assert once.missed == ["folders or documents beyond the first 1: narrow the url"]


def test_ids_that_are_alike(tmp_path: Path) -> None:
    """Each is a dataset of its own."""
    write_zarr(tmp_path / "a b.zarr")
    write_zarr(tmp_path / "a-b.zarr")
    write(tmp_path / "a-b.tif", numbers("uint8"))
    found = found_in(str(tmp_path)).datasets()
    assert [each.id for each in found] == ["a-b", "a-b-2", "a-b-3"]
    assert len({each.url for each in found}) == 3


def test_one_folder_that_may_not_be_read(bucket: Path) -> None:
    """It is told, and harms no other; the first is an error."""
    with S3Server(bucket) as server:
        server.error_503_rate = 1.0
        storage = Storage(endpoint=server.url, anonymous=True, allow_http=True, timeout_s=0.3)
        with pytest.raises(SourceError):
            found_in("s3://bucket/data", storage)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/no/such/folder", "no such file or folder"),
        ("s3://bucket/*.tif", "without wildcards"),
        ("gs://bucket/x", "expected a path or one of"),
        ("s3://bucket/../x", "without .."),
        ("http://127.0.0.1:1/stac", "url: "),
    ],
)
def test_addresses_that_are_refused(url: str, told: str) -> None:
    """With the remedy; nothing is asked of this machine's own network."""
    with pytest.raises(CatalogError, match=told):
        found_in(url)


def test_prefixes_that_are_allowed(bucket: Path) -> None:
    """Nothing is listed that may not be registered."""
    with pytest.raises(CatalogError, match="ALLOWED_URLS"):
        run(discover(f"{bucket}/bucket/data", allowed=("s3://public/",)))
