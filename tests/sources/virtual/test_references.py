"""References that Kerchunk and VirtualiZarr write are read as they read them, and no further."""

import asyncio
import base64
import json
import warnings
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import xarray as xr
from kerchunk.hdf import SingleHdf5ToZarr
from numcodecs.zstd import Zstd
from obspec_utils.registry import ObjectStoreRegistry
from obstore.store import LocalStore
from virtualizarr import open_virtual_dataset
from virtualizarr.parsers import HDFParser

from tests.s3 import S3Server
from tests.sources.virtual.files import cube, decoded, opened, sample, times
from tileserver.errors import CatalogError, SourceError
from tileserver.plan import ReadPlan
from tileserver.sources.storage.connection import Storage


@pytest.fixture
def netcdf(tmp_path: Path) -> Path:
    """A file in a folder of its own, some of its cells missing."""
    (tmp_path / "files").mkdir()
    path = tmp_path / "files" / "a.nc"
    data = sample()
    data["a"] = data["a"].where(data["a"] != 57)
    encoding = {"a": {"zlib": True, "shuffle": True, "chunksizes": (2, 10, 16), "_FillValue": -1.0}}
    data.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    return path


def expected(path: Path) -> np.ndarray:
    with xr.open_dataset(path, engine="h5netcdf") as data:
        return data["a"].values


def by_kerchunk(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found: dict[str, Any] = SingleHdf5ToZarr(file, str(path), inline_threshold=50).translate()
        return found


def by_virtualizarr(path: Path) -> xr.Dataset:
    registry = ObjectStoreRegistry({"file://": LocalStore()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return open_virtual_dataset(
            url=f"file://{path}", parser=HDFParser(), registry=registry, loadable_variables=[]
        )


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("ending", [".json", ".json.zst"])
def test_json_of_kerchunk(netcdf: Path, version: int, ending: str) -> None:
    """Version 0 and 1, plain and compressed."""
    document = by_kerchunk(netcdf)
    text = json.dumps(document["refs"] if version == 0 else document).encode()
    path = netcdf.with_name("refs" + ending)
    path.write_bytes(text if ending == ".json" else Zstd().encode(text))
    np.testing.assert_array_equal(decoded(path), expected(netcdf))
    assert times(path)[-1] == "2020-01-05T00:00:00Z"


def write_references(netcdf: Path, path: Path, form: str, **options: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fsspec writes Parquet in ways that pandas advises against
        by_virtualizarr(netcdf).vz.to_kerchunk(str(path), format=form, **options)


def test_metadata_that_is_consolidated_alone(netcdf: Path) -> None:
    """As in references made of a consolidated Zarr store."""
    document = by_kerchunk(netcdf)
    refs = document["refs"]
    names = [key for key in refs if key.rpartition("/")[2] in (".zarray", ".zattrs", ".zgroup")]
    found = {name: json.loads(refs.pop(name)) for name in names}
    refs[".zmetadata"] = json.dumps({"zarr_consolidated_format": 1, "metadata": found})
    path = netcdf.with_name("refs.json")
    path.write_text(json.dumps(document))
    np.testing.assert_array_equal(decoded(path), expected(netcdf))


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_references_of_virtualizarr(netcdf: Path, form: str) -> None:
    """In one file, or in a folder of Parquet files with few records each."""
    path = netcdf.with_name(f"refs.{form}")
    write_references(netcdf, path, form, **({"record_size": 4} if form == "parquet" else {}))
    np.testing.assert_array_equal(decoded(path), expected(netcdf))


def test_templates_and_generated_keys_are_those_of_fsspec(tmp_path: Path) -> None:
    """The examples of the specification, chunk by chunk."""
    values = np.arange(6 * 4 * 5, dtype="<i4").reshape(6, 4, 5) + 1
    for i in range(3):
        (tmp_path / f"part_{i}.bin").write_bytes(values[2 * i : 2 * i + 2].tobytes())
    shape = {
        "zarr_format": 2,
        "order": "C",
        "filters": None,
        "compressor": None,
        "fill_value": None,
    }
    axes = {
        name: np.linspace(start, stop, count)
        for name, start, stop, count in (("lat", 50, 47, 4), ("lon", 5, 9, 5))
    }
    refs: dict[str, Any] = {
        ".zgroup": '{"zarr_format": 2}',
        "a/.zarray": json.dumps({**shape, "shape": [6, 4, 5], "chunks": [1, 4, 5], "dtype": "<i4"}),
        "a/.zattrs": json.dumps({"_ARRAY_DIMENSIONS": ["step", "lat", "lon"]}),
        "a/0.0.0": ["{{u}}_0.bin", 0, 80],
        "a/1.0.0": ["{{f(c='part')}}_0.bin", 80, 80],
    }
    for name, axis in axes.items():
        text = "base64:" + base64.b64encode(axis.tobytes()).decode()
        refs |= {
            f"{name}/.zarray": json.dumps(
                {**shape, "shape": [len(axis)], "chunks": [len(axis)], "dtype": "<f8"}
            ),
            f"{name}/.zattrs": json.dumps(
                {
                    "_ARRAY_DIMENSIONS": [name],
                    "units": f"degrees_{'north' if name == 'lat' else 'east'}",
                }
            ),
            f"{name}/0": text,
        }
    document = {
        "version": 1,
        "templates": {"u": f"{tmp_path}/part", "f": f"{tmp_path}/{{{{c}}}}"},
        "gen": [
            {
                "key": "a/{{(i + 1) * 2 + j}}.0.0",
                "url": "{{u}}_{{i + 1}}.bin",
                "offset": "{{j * 80}}",
                "length": "80",
                "dimensions": {"i": {"stop": 2}, "j": [0, 1]},
            }
        ],
        "refs": refs,
    }
    path = tmp_path / "refs.json"
    path.write_text(json.dumps(document))
    np.testing.assert_array_equal(decoded(path), values)
    system = fsspec.filesystem("reference", fo=document, simple_templates=False)
    for key in ("a/0.0.0", "a/1.0.0", "a/2.0.0", "a/5.0.0"):
        step = int(key[2])
        assert system.cat(key) == values[step].tobytes()


def with_url(netcdf: Path, url: str, **others: Any) -> Path:
    """References to the file at another URL."""
    document = by_kerchunk(netcdf)
    document["refs"] = {
        key: [url, *value[1:]] if isinstance(value, list) else value
        for key, value in document["refs"].items()
    }
    path = netcdf.with_name("refs.json")
    path.write_text(json.dumps({**document, **others}))
    return path


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/etc/passwd", "points out of its folder, which the dataset may not read"),
        ("file:///etc/passwd", "points out of its folder, which the dataset may not read"),
        ("../../secret.nc", "no plain path"),
        ("s3://other/a.nc", "points to s3://other/, which the dataset may not read"),
        ("http://169.254.169.254/latest", "which the dataset may not read"),
        ("gs://bucket/a.nc", "gs://, which is not read"),
        ("/vsicurl/http://host/a", "no plain path"),
        ("a.nc?x=1", "no plain path"),
        ("a\\..\\b", "no plain path"),
    ],
)
def test_nothing_else_is_read(netcdf: Path, url: str, message: str) -> None:
    """A reference may point into its own folder, and nowhere else unasked."""
    with pytest.raises(CatalogError, match=message):
        opened(with_url(netcdf, url))


def test_links_do_not_lead_out(netcdf: Path, tmp_path: Path) -> None:
    """Relative names count from the references' folder; the catalogue may allow another."""
    np.testing.assert_array_equal(decoded(with_url(netcdf, "a.nc")), expected(netcdf))
    (tmp_path / "away").mkdir()
    path = with_url(netcdf, str(netcdf)).rename(tmp_path / "away" / "refs.json")
    with pytest.raises(CatalogError, match="may not read"):
        opened(path)
    found = decoded(path, references=(str(netcdf.parent),))
    np.testing.assert_array_equal(found, expected(netcdf))
    with pytest.raises(CatalogError, match="TILESERVER_ALLOWED_URLS"):
        opened(path, references=(str(netcdf.parent),), allowed=(str(path.parent),))


def test_parquet_that_points_elsewhere_is_refused_at_opening(netcdf: Path, tmp_path: Path) -> None:
    """Though its parts are read when they are needed."""
    path = tmp_path / "inner" / "refs.parquet"
    path.parent.mkdir()
    write_references(netcdf, path, "parquet")
    with pytest.raises((CatalogError, SourceError), match="which the dataset may not read"):
        opened(path)
    found = decoded(path, references=(str(netcdf.parent),))
    np.testing.assert_array_equal(found, expected(netcdf))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"version": 1, "refs": {', "not valid JSON"),
        ('{"version": 1, "refs": []}', "damaged"),
        ('{"version": 1, "refs": {"a/.zarray": "{}"}}', "damaged"),
        ('{"version": 1, "refs": {".zgroup": "{\\"zarr_format\\":2}"}}', "no arrays"),
        ('{"version": 1, "refs": {"zarr.json": "{}"}}', "Zarr 3 are not read"),
        ('{"version": 1, "refs": {".zgroup": 7}}', "damaged"),
        (
            '{"version": 1, "refs": {}, "gen": [{"key": "{{i}}", "url": "x", '
            '"dimensions": {"i": {"stop": 99999999999}}}]}',
            "not generated",
        ),
        (
            '{"version": 1, "refs": {"a/0": ["{{9**9**9}}"]}, "templates": {"u": "x"}}',
            "the template .* is not read",
        ),
        (
            '{"version": 1, "refs": {"a/0": ["{{u}}"]}, "templates": {"u": "{{u}}"}}',
            "the template .* is not read",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line(tmp_path: Path, document: str, message: str) -> None:
    """And nothing is expanded beyond measure."""
    (tmp_path / "refs.json").write_text(document)
    with pytest.raises(CatalogError, match=message):
        opened(tmp_path / "refs.json")


def test_from_a_bucket_only_what_is_needed_is_read(netcdf: Path, tmp_path: Path) -> None:
    """References and data in S3: a chunk is one ranged request, of the bytes that it has."""
    bucket = "s3://files/a.nc"
    with_url(netcdf, bucket)

    async def run(url: str) -> np.ndarray:
        storage = Storage(
            endpoint=url, access_key_id="access-key", secret_access_key="secret-key",
            allow_http=True,
        )  # fmt: skip
        async with cube("s3://files/refs.json", storage=storage) as source:
            server.log.clear()
            return await source.read(ReadPlan("a", 0, (slice(2, 3), slice(0, 5), slice(0, 5))))

    with S3Server(tmp_path) as server:
        found = asyncio.run(run(server.url))
        reads = [request.range for request in server.log]
    want = by_kerchunk(netcdf)["refs"]["a/1.0.0"]
    assert reads == [f"bytes={want[1]}-{want[1] + want[2] - 1}"]
    stored = np.where(np.isnan(expected(netcdf)), -1, expected(netcdf))
    np.testing.assert_array_equal(found, stored[2:3, :5, :5])


def test_a_remote_document_names_no_local_files(netcdf: Path, tmp_path: Path) -> None:
    """Even where the catalogue would allow their folder."""
    with_url(netcdf, f"file://{netcdf}")
    with S3Server(tmp_path) as server:
        storage = Storage(
            endpoint=server.url, access_key_id="access-key", secret_access_key="secret-key",
            allow_http=True,
        )  # fmt: skip
        with pytest.raises(CatalogError, match="point to local files"):
            opened("s3://files/refs.json", storage=storage, references=(str(netcdf.parent),))
