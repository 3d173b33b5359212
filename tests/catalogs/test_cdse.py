"""The catalogue of the Copernicus Data Space Ecosystem serves data of its shape, with keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.catalogs import cdse
from tests.catalogs.served import Served, entries, rewritten, serving
from tests.s3 import S3Server

NAME = "cdse"
OPTICAL = "Global-Mosaics/Sentinel-2/S2MSI_L3__MCQ"
RADAR = "Global-Mosaics/Sentinel-1/S1SAR_L3_IW_MCM"
QUARTERS = {f"2024/{month:02}/01": f"Sentinel-2_mosaic_2024_Q{number}_31UFU_0_0"
            for number, month in ((1, 1), (2, 4), (3, 7))}  # fmt: skip
MONTHS = {f"2023/{month:02}/01": f"Sentinel-1_IW_mosaic_2023_M{month:02}_31UFU_0_0"
          for month in (11, 12)}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, S3Server]]:
    """The archive, which asks for keys."""
    folder = tmp_path_factory.mktemp(NAME)
    keys = {"access_key": "the-key", "secret_key": "the-secret", "region": "default"}
    with S3Server(folder, **keys) as server:
        yield folder, server


@pytest.fixture(scope="module")
def served(store: tuple[Path, S3Server]) -> Iterator[Served]:
    folder, archive = store
    optical = cdse.mosaics(folder, OPTICAL, QUARTERS, cdse.OPTICAL)
    radar = cdse.mosaics(folder, RADAR, MONTHS, cdse.RADAR)
    for number, url in enumerate(entries(NAME)["dem"]["url"]):
        cdse.height(folder / url.removeprefix("s3://"), 21 + number, 46)
    own = f"https://{cdse.STAC}/v1/search?collections="
    with S3Server(folder, anonymous=True) as web:
        hosts = {
            f"{own}{name}": f"{web.url}/{cdse.write_search(folder, found, name)}?collections={name}"
            for name, found in (("sentinel-2-global-mosaics", optical),
                                ("sentinel-1-global-mosaics", radar))
        }  # fmt: skip
        change = {"endpoint": archive.url, "allow_http": True, "allow_private": True}
        catalog = rewritten(NAME, folder, {"cdse": change}, hosts)
        secrets = {"CDSE_ACCESS_KEY_ID": "the-key", "CDSE_SECRET_ACCESS_KEY": "the-secret"}
        with serving(catalog, **secrets) as found_there:
            yield found_there


@pytest.mark.parametrize("dataset", sorted(entries(NAME)))
def test_dataset(served: Served, dataset: str) -> None:
    """It is ready, has what the catalogue names, and each layer is drawn in all its colours."""
    served.check(dataset)


def test_times(served: Served) -> None:
    """Items are steps of time, of the assets that are named."""
    told = served.get("/datasets/s2-mosaic").json()
    assert (told["time"]["start"], told["time"]["count"]) == ("2024-01-01T00:00:00Z", 3)
    assert {each["id"] for each in told["variables"]} >= {"B02", "B03", "B04", "B08"}
    assert not {each["id"] for each in told["variables"]} & {"observations", "thumbnail"}


def test_keys(served: Served, store: tuple[Path, S3Server]) -> None:
    """All that is read of the archive is signed; nothing tells the keys."""
    assert store[1].log
    assert all(request.status in (200, 206) for request in store[1].log)
    for path in ("/datasets", "/datasets/s2-mosaic", "/stac/collections/s2-mosaic"):
        assert "the-secret" not in served.get(path).text
        assert "the-key" not in served.get(path).text


def test_keys_that_are_not_set(tmp_path: Path) -> None:
    """Without them the datasets are listed with what to do."""
    with serving(rewritten(NAME, tmp_path, {}, {})) as found:
        told = found.get("/datasets/dem").json()
        assert told["status"] == "error"
        assert "CDSE_ACCESS_KEY_ID" in told["error"]
