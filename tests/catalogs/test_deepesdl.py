"""The catalogue of DeepESDL's cubes serves cubes of their shape, drawn as it says."""

from collections.abc import Iterator

import pytest

from tests.catalogs import deepesdl
from tests.catalogs.served import Served, entries, rewritten, serving
from tests.s3 import S3Server

NAME = "deepesdl"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(NAME)
    deepesdl.build(folder, entries(NAME))
    with S3Server(folder, anonymous=True) as store:
        change = {"endpoint": store.url, "allow_http": True}
        with serving(rewritten(NAME, folder, {"deepesdl": change}, {})) as found:
            yield found


@pytest.mark.parametrize("dataset", sorted(entries(NAME)))
def test_dataset(served: Served, dataset: str) -> None:
    """It is ready, has what the catalogue names, and each layer is drawn in all its colours."""
    served.check(dataset, classes=("lccs_class",))


def test_what_is_shown(served: Served) -> None:
    """Of SeasFire the maps that are named, not the indices of the climate; times as they are."""
    told = served.get("/datasets/seasfire").json()
    assert len(told["variables"]) == len(entries(NAME)["seasfire"]["variables"])
    assert (told["time"]["start"][:10], told["time"]["count"]) == ("2001-01-01", 966)
    levels = served.get("/datasets/land-cover").json()["levels"]
    assert [each["shape"] for each in levels] == [[64800 >> n, 129600 >> n] for n in range(6)]


def test_classes(served: Served) -> None:
    """They have the names and colours of the store's own attributes."""
    legend = served.get("/legend/land-cover/lccs_class.json").json()
    told = {each["value"]: each["color"][:7] for each in legend["categories"]}
    assert told == {value: color for value, (_, color) in deepesdl.CLASSES.items()}
