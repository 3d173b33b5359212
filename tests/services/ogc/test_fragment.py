"""What datasets contribute to documents is made once."""

from dataclasses import dataclass, replace

from tests.services.memory_catalog import sea, utm
from tileserver.dataset import Dataset
from tileserver.services.ogc.fragment import Fragments


@dataclass(frozen=True)
class Words:
    """A fragment that tells from which version it was made."""

    version: str
    nbytes: int = 10


class Maker:
    """Counts how often it was asked."""

    def __init__(self, nbytes: int = 10) -> None:
        self.made: list[str] = []
        self.nbytes = nbytes

    def __call__(self, dataset: Dataset) -> Words:
        self.made.append(dataset.id)
        return Words(dataset.version, self.nbytes)


def test_made_once() -> None:
    """A fragment is made once for a dataset and kind."""
    fragments, make, other = Fragments(), Maker(), Maker()
    dataset = sea()
    first = fragments.get(dataset, "wmts", make)
    assert fragments.get(dataset, "wmts", make) is first
    fragments.get(dataset, "wms", other)
    assert (make.made, other.made) == (["sea"], ["sea"])


def test_newest_version_alone() -> None:
    """A dataset that has changed has its fragment made anew; the others keep theirs."""
    fragments, make = Fragments(), Maker()
    first, second = sea(), utm()
    for dataset in (first, second, replace(first, version="newer"), second):
        fragments.get(dataset, "wmts", make)
    assert make.made == ["sea", "utm", "sea"]
    assert fragments.get(replace(first, version="newer"), "wmts", make).version == "newer"
    assert fragments.nbytes == 20


def test_bounded() -> None:
    """What was not asked for goes when there is too much, and nothing that is larger stays."""
    fragments, make = Fragments(limit_bytes=25), Maker()
    datasets = [replace(sea(), config=sea().config.model_copy(update={"id": n})) for n in "abc"]
    for dataset in (datasets[0], datasets[1], datasets[0], datasets[2]):
        fragments.get(dataset, "wmts", make)
    assert fragments.nbytes == 20
    fragments.get(datasets[0], "wmts", make)
    assert make.made == ["a", "b", "c"]
    assert fragments.get(datasets[1], "wmts", Maker(nbytes=99)).nbytes == 99
    assert fragments.nbytes == 0
