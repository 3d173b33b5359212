"""The catalogue of EOPF's samples serves products of their shape, drawn as it says."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.catalogs import eopf
from tests.catalogs.served import Served, entries, rewritten, serving
from tests.s3 import S3Server

NAME = "eopf"
OBJECTS = "https://objects.eodc.eu:443/"
STAC = f"https://{eopf.STAC}/"
SCENE = "S2B_MSIL2A_20250530T101559_N0511_R065_T32TPT_20250530T130924"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(NAME)
    found = entries(NAME)
    first, *_ = found["s2-l2a"]["references"]
    product = f"{first.removeprefix(OBJECTS)}30/products/cpm_v256/{SCENE}.zarr"
    eopf.scene(folder / product, (600_000, 5_200_020), 32632)
    eopf.scene(place(folder, found["s2-reflectance"]), (600_000, 5_400_000), 32633)
    eopf.radar(place(folder, found["s1-grd"]))
    eopf.land_colour(place(folder, found["s3-olci-land"]))
    with S3Server(folder, anonymous=True) as web:
        item = folder / eopf.STAC / urlsplit(found["s2-l2a"]["url"]).path.strip("/")
        eopf.write_item(item, f"{web.url}/{product}", 32632)
        hosts = {OBJECTS: f"{web.url}/", STAC: f"{web.url}/{eopf.STAC}/"}
        storage = {"here": {"allow_private": True}}
        with serving(rewritten(NAME, folder, storage, hosts, "here")) as found_there:
            yield found_there


def place(folder: Path, entry: dict[str, str]) -> Path:
    """Where the object of an entry's URL lies."""
    return folder / entry["url"].removeprefix(OBJECTS)


@pytest.mark.parametrize("dataset", sorted({*entries(NAME)} - {"s1-grd"}))
def test_dataset(served: Served, dataset: str) -> None:
    """It is ready, has what the catalogue names, and each layer is drawn in all its colours."""
    served.check(dataset, classes=("scl",))


def test_radar(served: Served) -> None:
    """Both polarisations are drawn where the control points say."""
    told = served.get("/datasets/s1-grd").json()
    names = [each["id"].rpartition("_")[2] for each in told["variables"]]
    assert names == ["VH.measurements.grd", "VV.measurements.grd"]
    west, south, east, north = told["bbox"]
    assert (round(west, 1), round(south, 1)) == (11.6, 46.7)
    assert (round(east, 1), round(north, 1)) == (15.4, 48.5)
    for variable in told["variables"]:
        served.check_layer("s1-grd", variable["id"], {}, 30)


def test_bands(served: Served) -> None:
    """Of a group the names of bands are those of variables; of a product the last part of them."""
    one, whole = (served.get(f"/datasets/{id}").json() for id in ("s2-reflectance", "s2-l2a"))
    assert {each["id"] for each in one["variables"]} >= {"b02", "b8a", "b12", "true_color"}
    assert "measurements.reflectance.b02" in {each["id"] for each in whole["variables"]}
    centre = dict(zip(("lon", "lat"), (10.38, 46.9), strict=True))
    point = served.get("/point/s2-l2a/b02", **centre).json()
    assert 0.01 < point["value"] < 0.4
