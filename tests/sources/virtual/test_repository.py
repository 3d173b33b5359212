"""Icechunk repositories are served as Icechunk reads them, in the state that is named."""

import asyncio
import logging
import warnings
from pathlib import Path
from typing import Any

import icechunk
import numpy as np
import pytest
import xarray as xr
import zarr

from tests.s3 import S3Server
from tests.sources.virtual.files import cube, decoded, opened, sample, times
from tests.sources.virtual.test_references import by_virtualizarr
from tileserver.errors import CatalogError, SourceError
from tileserver.sources.storage.connection import Storage

logging.getLogger("icechunk").setLevel(logging.ERROR)


def commit(repository: icechunk.Repository, data: xr.Dataset, **options: Any) -> str:
    session = repository.writable_session("main")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data.to_zarr(session.store, consolidated=False, zarr_format=3, **options)
    return str(session.commit("a change"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "repositories" / "a"


@pytest.fixture
def repository(path: Path) -> icechunk.Repository:
    """Of five days, tagged, then of seven."""
    found = icechunk.Repository.create(icechunk.local_filesystem_storage(str(path)))
    first = commit(found, sample(), mode="w")
    found.create_tag("five", first)
    commit(found, sample(days=2, first=5), append_dim="time")
    return found


def by_icechunk(repository: icechunk.Repository, **state: Any) -> np.ndarray:
    group = zarr.open_group(repository.readonly_session(**state).store, mode="r")
    return np.asarray(group["a"][...])


def test_branch_tag_and_snapshot(path: Path, repository: icechunk.Repository) -> None:
    """The newest of main, where nothing else is said."""
    first = repository.lookup_tag("five")
    repository.create_branch("old", first)
    np.testing.assert_array_equal(decoded(path), by_icechunk(repository, branch="main"))
    assert len(times(path)) == 7
    for state in ({"tag": "five"}, {"snapshot": first}, {"branch": "old"}):
        assert times(path, **state)[-1] == "2020-01-05T00:00:00Z"
        np.testing.assert_array_equal(decoded(path, **state), by_icechunk(repository, tag="five"))
    assert not any("consolidated" in text for text in opened(path).cube.warnings)


def test_version_and_watch_follow_the_branch(path: Path, repository: icechunk.Repository) -> None:
    """A commit is seen; a tag stays what it is."""

    async def run() -> None:
        async with cube(path) as source, cube(path, tag="five") as tagged, cube(path) as again:
            assert source.version == again.version != tagged.version
            assert await source.watch.is_current()
            commit(repository, sample(days=1, first=7), append_dim="time")
            assert not await source.watch.is_current()
            assert await tagged.watch.is_current()
            async with cube(path) as after:
                assert after.version != source.version

    asyncio.run(run())


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"branch": "none"}, "branch='none': no such branch"),
        ({"tag": "none"}, "could not be read .*: check url, branch, tag and snapshot"),
        ({"snapshot": "none"}, "could not be read .*: check url, branch, tag and snapshot"),
        ({"tag": "five", "branch": "main"}, "expected one of branch, tag, snapshot"),
    ],
)
def test_states_that_are_not_there(
    path: Path, repository: icechunk.Repository, state: dict[str, str], message: str
) -> None:
    """Are said in a line."""
    with pytest.raises(CatalogError, match=message):
        opened(path, **state)


def test_from_a_bucket(path: Path, repository: icechunk.Repository, tmp_path: Path) -> None:
    """By the endpoint and the credentials of the dataset's storage."""
    with S3Server(tmp_path) as server:
        storage = Storage(
            endpoint=server.url, access_key_id="access-key", secret_access_key="secret-key",
            allow_http=True,
        )  # fmt: skip
        found = decoded("s3://repositories/a", storage=storage)
    np.testing.assert_array_equal(found, by_icechunk(repository, branch="main"))


def test_virtual_chunks_only_where_they_are_allowed(path: Path, tmp_path: Path) -> None:
    """Those of VirtualiZarr, in files that lie elsewhere."""
    (tmp_path / "files").mkdir()
    file = tmp_path / "files" / "a.nc"
    sample().to_netcdf(file, engine="h5netcdf", encoding={"a": {"chunksizes": (1, 10, 10)}})
    prefix = f"file://{tmp_path}/files/"
    config = icechunk.RepositoryConfig.default()
    place = icechunk.local_filesystem_store(str(tmp_path / "files"))
    config.set_virtual_chunk_container(icechunk.VirtualChunkContainer(prefix, place))
    repository = icechunk.Repository.create(
        icechunk.local_filesystem_storage(str(path)), config,
        authorize_virtual_chunk_access={prefix: None},
    )  # fmt: skip
    repository.save_config()
    session = repository.writable_session("main")
    by_virtualizarr(file).vz.to_icechunk(session.store)
    session.commit("references")
    found = decoded(path, references=(str(tmp_path / "files"),))
    np.testing.assert_array_equal(found, sample()["a"].values)
    with pytest.raises((CatalogError, SourceError), match="could not be read"):
        decoded(path)
