"""The status window, in which one who runs the server sees how it fares, and changes its data."""

from pathlib import Path

import pytest
import yaml

from tests.browser.conftest import Visit, visited
from tests.conftest import running

TOKEN = "an administrator's token"


@pytest.fixture(scope="module")
def visit(chromium: str, demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """One visit to a server of two workers and a database."""
    folder, cubes = tmp_path_factory.mktemp("status"), demo_data.parent
    listed = [
        {"id": "ocean", "title": "Ocean", "url": str(cubes / "ocean.zarr")},
        {"id": "gone", "title": "Gone", "url": str(folder / "gone.zarr")},
    ]
    (folder / "catalog.yaml").write_text(yaml.safe_dump({"datasets": listed}))
    environment = {
        "TILESERVER_ADMIN_TOKEN": TOKEN,
        "TILESERVER_DATABASE": f"sqlite:///{folder}/tileserver.db",
        "TILESERVER_ALLOWED_URLS": f"{cubes},{folder}",
    }
    flags = ("--catalog", str(folder / "catalog.yaml"), "--workers", "2")
    with running(*flags, **environment) as url:
        arguments = (url, TOKEN, str(cubes / "ocean.zarr"), str(cubes / "land.zarr"))
        return visited(tmp_path_factory, "status", chromium, *arguments)


def test_comes_when_it_is_opened(visit: Visit) -> None:
    """Nobody else loads it, or asks for it."""
    assert visit.facts["early"] == 0


def test_stays_out_of_frames(visit: Visit) -> None:
    """Where another page could have one press what is not seen."""
    assert visit.facts["framed"] == ["Sign out"]


def test_what_needs_a_look_is_first(visit: Visit) -> None:
    """A dataset that cannot be opened, with why; what stands in files is not changed here."""
    assert visit.facts["first"] == ["gone", "ocean"]
    assert "Error" in visit.facts["broken"]
    assert "no such file or folder" in visit.facts["broken"]
    assert visit.facts["fileActions"] == 1


def test_dataset_is_registered(visit: Visit) -> None:
    """Once it can be opened: else the server's reason is told, and the window stays."""
    assert "no such file or folder" in visit.facts["refused"]
    assert visit.facts["added"].startswith("Added <b>here</b>added")
    assert "Ready" in visit.facts["added"]


def test_change_of_another_is_not_overwritten(visit: Visit) -> None:
    """Whoever read the entry before is told so."""
    assert "r2" in visit.facts["conflict"]


def test_list_follows(visit: Visit) -> None:
    """What is registered elsewhere appears by itself, and the focus stays where it is."""
    assert visit.facts["focused"] == "Open Mine anew"


def test_unregistering_takes_two_presses(visit: Visit) -> None:
    """The viewer's own list knows afterwards."""
    assert visit.facts["asked"] == "Unregister added?"
    assert visit.facts["catalogue"] == ["Ocean", "Gone", "Elsewhere"]


def test_server_is_told_of(visit: Visit) -> None:
    """Its workers, storages, caches and database."""
    text = visit.facts["server"]
    for part in ("Workers", "Storages", "Caches", "Services", "database", "chunks", "disk"):
        assert part in text


def test_changes_are_told(visit: Visit) -> None:
    """Who did what to which dataset, the latest first."""
    told = [(who, dataset) for who, _, dataset in visit.facts["changes"]]
    assert told[0] == ("admin", "added")
    assert ("admin", "elsewhere") in told
    assert len(told) >= 5


def test_keys_are_made_and_revoked(visit: Visit) -> None:
    """A key is shown once, is taken until it is revoked, and stays in no page."""
    facts = visit.facts
    assert facts["taken"] == {"name": "field laptop", "roles": ["lab", "staff"], "scopes": ["read"]}
    assert facts["kept"] is False
    assert facts["revoked"] == 401


def test_many_are_found_and_registered_at_once(visit: Visit) -> None:
    """All below a folder that are not known already."""
    found, registered = dict(visit.facts["found"]), dict(visit.facts["registered"])
    assert (found["ocean"], found["elsewhere"], found["all-model"]) == ("Known", "Known", "Found")
    assert registered["all-model"] == "Registered"


def test_german_on_a_phone(visit: Visit) -> None:
    """Nothing is wider than it."""
    assert "Datensätze" in visit.facts["german"]
    assert "Fehler" in visit.facts["german"]
    assert visit.facts["width"] == [390, 390]


def test_nothing_is_hard_to_use(visit: Visit) -> None:
    """axe-core finds no serious or critical violation."""
    assert len(visit.facts["axe"]) >= 9
    assert {name: found for name, found in visit.facts["axe"].items() if found} == {}


def test_console_tells_of_refusals_alone(visit: Visit) -> None:
    """Which browsers do by themselves."""
    assert [each for each in visit.facts["errors"] if "status of 4" not in each] == []
