"""Rows 19 to 22: what stores and networks do to answers, through a proxy that does it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from tests.faults.place import SCENE, SEA, Place, answers, statuses, told, until
from tileserver.app import create_app
from tileserver.settings import Settings

# The time that a storage may take, 2 s, twice: the look whether it was written anew comes on top.
ENDED_WITHIN_S = 10.0


@pytest.mark.parametrize("fault", ["slowdown", "reset", "truncate", "slow"])
def test_row_19_some_faults_change_nothing(
    place: Place, client: TestClient, sound: dict[str, bytes], fault: str
) -> None:
    """A quarter of the store's answers fail: every tile is there, and is what it is without."""
    place.proxy.slow_s = 0.1
    place.proxy.rates = {fault: 0.25}
    paths = [*SEA, *SCENE]
    assert dict(zip(paths, answers(client, paths), strict=True)) == sound
    assert place.proxy.done[fault] > 0


@pytest.mark.parametrize("fault", ["slowdown", "reset", "truncate", "stall"])
def test_row_19_lasting_faults_are_told_in_time(
    place: Place, sound: dict[str, bytes], fault: str
) -> None:
    """503 or 504 with the time to come back, never a part of a tile, and nothing of it is kept."""
    with place.client("timeout_s: 1", tile_timeout_s=5) as client:
        place.proxy.rates = {fault: 1}
        for path in (SEA[0], SCENE[0]):
            begun = time.monotonic()
            answer = client.get(path)
            assert time.monotonic() - begun < ENDED_WITHIN_S
            assert answer.status_code in (503, 504)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["cache-control"] == "no-store"
            assert int(answer.headers["retry-after"]) > 0
        place.proxy.rates = {}
        assert answers(client, [SEA[0], SCENE[0]]) == [sound[SEA[0]], sound[SCENE[0]]]


@pytest.mark.parametrize(
    ("fault", "words"), [("denied", "access denied"), ("vanished", "bucket does not exist")]
)
def test_row_20_refusals_are_of_one_dataset(
    place: Place, client: TestClient, sound: dict[str, bytes], fault: str, words: str
) -> None:
    """502 that says why; the other datasets and readiness stay, and it recovers by itself."""
    place.proxy.rates, place.proxy.only = {fault: 1}, "sea.zarr"
    status, detail = told(client.get(SEA[0]))
    assert (status, words in detail) == (502, True), detail
    assert answers(client, SCENE[:1]) == [sound[SCENE[0]]]
    assert answers(client, [SEA[1].replace("/sea/", "/twin/")]) == [sound[SEA[1]]]
    assert client.get("/readyz").status_code == 200
    place.proxy.rates = {}
    assert answers(client, SEA[:1]) == [sound[SEA[0]]]


def test_row_20_status_says_so(place: Place, sound: dict[str, bytes]) -> None:
    """A store that refuses from the start is listed with its error, and opened once it may be."""
    place.proxy.rates, place.proxy.only = {"denied": 1}, "sea.zarr"
    with place.client(refresh_s=0.2) as client:
        assert statuses(client) == {"sea": "error", "twin": "ready", "scene": "ready"}
        status, detail = told(client.get(SEA[0]))
        assert (status, "access denied" in detail) == (502, True), detail
        place.proxy.rates = {}
        until(lambda: statuses(client)["sea"] == "ready")
        assert answers(client, SEA[:1]) == [sound[SEA[0]]]


def test_row_21_missing_chunk_is_fill(place: Place, client: TestClient) -> None:
    """A map none of whose chunks are stored is transparent, not an error."""
    place.proxy.rates, place.proxy.only = {"missing": 1}, "sea.zarr/sst/c/"
    answer = client.get(SEA[0])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert place.proxy.done["missing"] > 0


@pytest.mark.parametrize("paths", [SEA, SCENE], ids=["crc32c", "deflate"])
def test_row_22_wrong_bytes_are_no_picture(
    place: Place, client: TestClient, sound: dict[str, bytes], paths: list[str]
) -> None:
    """502 for what needs them, as long as they come; all else is served.

    A format without checksums cannot tell them; TLS does so on the way.
    """
    other = SCENE[0] if paths is SEA else SEA[0]
    place.proxy.only = "/sst/c/" if paths is SEA else "scene.tif"
    place.proxy.rates = {"corrupt": 1}
    status, detail = told(client.get(paths[0]))
    assert (status, "damaged" in detail) == (502, True), detail
    assert answers(client, [other]) == [sound[other]]
    place.proxy.rates = {}
    assert answers(client, paths[:1]) == [sound[paths[0]]]


def test_storage_that_hangs_keeps_no_other_waiting(place: Place, sound: dict[str, bytes]) -> None:
    """With all slots taken by pictures of one that answers nobody, another's are still drawn."""
    catalog = place.folder / "two.yaml"
    catalog.write_text(f"""
        storage: {{lab: {{endpoint: "{place.proxy.url}", anonymous: true, timeout_s: 6}}}}
        datasets:
        - {{id: sea, url: "s3://data/sea.zarr", storage: lab}}
        - {{id: disk, url: "{place.bucket / "sea.zarr"}"}}
    """)
    settings = Settings(catalog=(str(catalog),), refresh_s=0, in_flight=2)
    with TestClient(create_app(settings)) as client, ThreadPoolExecutor(4) as pool:
        until(lambda: client.get("/readyz").status_code == 200)
        place.proxy.rates = {"stall": 1}
        hanging = [pool.submit(client.get, path) for path in SEA[:8:2]]
        until(lambda: place.proxy.done["stall"] >= 2)
        drawn = client.get(SEA[0].replace("/sea/", "/disk/"))
        assert drawn.content == sound[SEA[0]]
        assert not any(each.done() for each in hanging)
        place.proxy.rates = {}
        assert {each.result().status_code for each in hanging} <= {200, 503, 504}
