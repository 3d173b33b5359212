"""Catalogues of more datasets than are kept open."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.scale.cubes import noisy, write_cube
from tileserver.app import create_app
from tileserver.settings import Settings
from tileserver.summaries import Summaries

COUNT, OPEN = 40, 5


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty datasets of two stores; the last one's is not there."""
    folder = tmp_path_factory.mktemp("many")
    for name in ("a", "b"):
        write_cube(folder / f"{name}.zarr", {"t": noisy(2, 18, 36)}, chunks=(1, 18, 36))
    entries = [
        f"  - {{id: d{n:02d}.x, title: Number {n}, url: {'ab'[n % 2]}.zarr, theme: Part {n % 4}}}"
        for n in range(COUNT)
    ]
    entries[-1] = f"  - {{id: d{COUNT - 1}.x, url: gone.zarr}}"
    path = folder / "catalog.yaml"
    path.write_text("\n".join(["datasets:", *entries]))
    return path


@pytest.fixture
def client(catalog: Path, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings(catalog, tmp_path))) as client:
        yield client


def settings(catalog: Path, folder: Path) -> Settings:
    summaries = str(folder / "summaries.sqlite")
    return Settings(catalog=(str(catalog),), open_datasets=OPEN, summaries=summaries)


def opened(client: TestClient) -> list[str]:
    listed = client.get("/datasets?limit=1000").json()["datasets"]
    return [each["id"] for each in listed if each["status"] == "ready"]


def test_nothing_is_opened_at_the_start(client: TestClient) -> None:
    """It is ready at once, and lists all, none of which is open."""
    assert client.get("/readyz").status_code == 200
    assert opened(client) == []
    assert client.get("/datasets").json()["total"] == COUNT


def test_datasets_are_opened_when_they_are_asked_for(client: TestClient) -> None:
    """By tiles, by layers of WMTS and WMS, by details; only those."""
    wmts = "service=WMTS&request=GetTile&version=1.0.0&style=default&format=image/png"
    place = "tilematrixset=WebMercatorQuad&tilematrix=0&tilerow=0&tilecol=0"
    for url in (
        "/tiles/d01.x/t/0/0/0.png",
        f"/wmts?{wmts}&{place}&layer=d02.x.t",
        "/datasets/d03.x",
        "/timeseries/d04.x/t?lon=1&lat=1",
    ):
        assert client.get(url).status_code == 200, url
    assert opened(client) == ["d01.x", "d02.x", "d03.x", "d04.x"]


def test_those_unused_for_longest_are_closed(client: TestClient) -> None:
    """No more are open than may be; what is used stays, what was closed opens again."""
    for number in range(12):
        assert client.get(f"/tiles/d{number:02d}.x/t/0/0/0.png").status_code == 200
        assert client.get("/tiles/d00.x/t/0/0/0.png").status_code == 200
    assert opened(client) == ["d00.x", "d08.x", "d09.x", "d10.x", "d11.x"]
    assert client.get("/tiles/d05.x/t/0/0/0.png").status_code == 200


def test_what_was_learnt_is_listed(client: TestClient) -> None:
    """A dataset that was closed keeps its extent, times and variables in the listing."""
    for number in range(8):
        client.get(f"/datasets/d{number:02d}.x")
    first = client.get("/datasets?limit=1").json()["datasets"][0]
    assert (first["status"], first["on_demand"]) == ("pending", True)
    assert (first["bbox"], first["variables"]) == ([-180, -90, 180, 90], ["t"])
    assert first["time"]["count"] == 2


def test_what_was_learnt_outlives_the_server(catalog: Path, tmp_path: Path) -> None:
    """The next run lists it before anything is opened; of another entry it does not."""
    for _ in range(2):
        with TestClient(create_app(settings(catalog, tmp_path))) as client:
            told = client.get("/datasets?limit=2").json()["datasets"][1]
            client.get("/datasets/d01.x")
    assert (told["status"], told["variables"]) == ("pending", ["t"])


def test_dataset_that_cannot_be_opened_says_why(client: TestClient) -> None:
    """502 with the reason, and the listing has it."""
    last = f"d{COUNT - 1}.x"
    answer = client.get(f"/tiles/{last}/t/0/0/0.png")
    assert answer.status_code == 502
    assert "no such file" in answer.json()["detail"]
    assert client.get(f"/datasets?q={last}").json()["datasets"][0]["status"] == "error"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=number d07", ["d07.x"]),
        ("q=NUMBER&theme=Part 3&limit=2", ["d03.x", "d07.x"]),
        ("theme=Part", []),
        ("q=nothing of the kind", []),
    ],
)
def test_search_by_words(client: TestClient, query: str, found: list[str]) -> None:
    """All words, in any case; themes as a whole."""
    told = client.get(f"/datasets?{query}").json()["datasets"]
    assert [each["id"] for each in told] == found


def test_search_by_place_and_time(client: TestClient) -> None:
    """Of what is known; across 180°, with open ends."""
    client.get("/datasets/d06.x")
    for query, count in (
        ("bbox=170,-10,-170,10", 1),
        ("datetime=2020-01-01/..", 1),
        ("datetime=../2019", 0),
        ("datetime=2020-01-02T12:00:00Z/2021", 0),
        ("bbox=0,0,1,1&datetime=2020", 1),
    ):
        assert client.get(f"/datasets?{query}").json()["total"] == count, query


def test_pages_go_on_with_the_search(client: TestClient) -> None:
    """The link to the next page carries what was asked for."""
    seen, url = [], "/datasets?theme=Part 1&limit=3"
    while url:
        page = client.get(url).json()
        seen += [each["id"] for each in page["datasets"]]
        url = page.get("next", "")
    assert seen == [f"d{n:02d}.x" for n in range(1, COUNT - 1, 4)]


@pytest.mark.parametrize("query", ["datetime=soon", "bbox=1,2,3", "datetime=2020/x"])
def test_search_that_cannot_be(client: TestClient, query: str) -> None:
    """400, and the parameter is named."""
    answer = client.get(f"/datasets?{query}")
    assert (answer.status_code, answer.json()["parameter"]) == (400, query.partition("=")[0])


def test_summaries_that_cannot_be_kept_harm_nothing(tmp_path: Path) -> None:
    """A file that is none, a folder that is not there: they are done without."""
    (tmp_path / "text").write_text("not a database" * 100)
    for path in (str(tmp_path / "text"), "/proc/none/summaries"):
        summaries = Summaries(path)
        summaries.put("a", "1", {})
        assert summaries.all() == {}


def test_summaries_of_several_processes(tmp_path: Path) -> None:
    """What one writes another reads."""
    path = str(tmp_path / "s.sqlite")
    one, other = Summaries(path), Summaries(path)
    one.put("a", "1", {"title": "A"})
    assert other.all() == {"a": ("1", {"title": "A"})}
    one.close()
    assert sqlite3.connect(path).execute("select count(*) from summary").fetchone() == (1,)
