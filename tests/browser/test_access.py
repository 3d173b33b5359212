"""Signing in to the viewer: what is seen with a key, and where the key goes."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import numpy as np
import pytest
import yaml

from tests.browser.conftest import Visit, visited
from tests.conftest import running
from tileserver.access.key import new_key
from tileserver.access.keyfile import written

KEY, KEPT = new_key("anna", roles=["staff"])
OTHER, OTHER_KEPT = new_key("berta", roles=["guests"])
SHORT, SHORT_KEPT = new_key("carl", roles=["staff"])
SIGNING_KEY = "an unguessable sentence of this test"
SEA = (slice(510, 560), slice(440, 560))


@pytest.fixture(scope="module")
def visit(
    chromium: str, demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visit]:
    """One visit to a server of a public dataset and a private one; a key is revoked meanwhile."""
    folder = tmp_path_factory.mktemp("private")
    ocean = str(demo_data.parent / "ocean.zarr")
    private = {"id": "private", "title": "Kept to staff", "access": {"roles": ["staff"]}}
    datasets = [{"id": "public", "title": "For all", "url": ocean}, {**private, "url": ocean}]
    (folder / "catalog.yaml").write_text(yaml.safe_dump({"datasets": datasets}))
    keys, revoke, ended = folder / "keys.yaml", folder / "revoke", threading.Event()
    keys.write_text(written(KEPT) + written(OTHER_KEPT) + written(SHORT_KEPT))

    def follow() -> None:
        while not ended.wait(0.05):
            if revoke.exists():
                keys.write_text(written(KEPT) + written(OTHER_KEPT))
                return

    writer = threading.Thread(target=follow)
    writer.start()
    flags = ("--catalog", str(folder / "catalog.yaml"), "--keys", str(keys))
    try:
        with running(*flags, TILESERVER_SIGNING_KEYS=SIGNING_KEY) as url:
            arguments = (url, KEY, OTHER, SHORT, str(revoke))
            seen = visited(tmp_path_factory, "access", chromium, *arguments)
            signed = seen.facts["signed"]
            signed["statuses"] = {
                name: [status_of(address) for address in signed[name]]
                for name in ("plain", "addresses")
            }
            yield seen
    finally:
        ended.set()
        writer.join()


def status_of(template: str) -> int:
    """What an address answers to who shows nothing."""
    address = template
    for name in ("{z}", "{x}", "{y}"):
        address = address.replace(name, "0")
    return httpx.get(address).status_code


def test_private_link_asks_for_a_key(visit: Visit) -> None:
    """Who opens it is asked to sign in, and sees in the list what is public alone."""
    asked = visit.facts["asked"]
    assert asked["reason"].startswith("What this link shows is not public")
    assert asked["focused"] == "key"
    assert asked["datasets"] == ["For all"]


def test_wrong_key_is_told(visit: Visit) -> None:
    """In the server's words, and the window stays."""
    assert visit.facts["wrong"].startswith("This key is not known: the key is not one of this")


def test_private_data_are_shown(visit: Visit) -> None:
    """After signing in: in the list with their pictures, and on the map."""
    assert visit.facts["shown"]["heading"] == "Kept to staff"
    assert visit.facts["shown"]["datasets"] == ["For all", "Kept to staff"]
    assert visit.facts["thumbnails"] == ["blob", "blob"]
    assert len(np.unique(visit.picture("shown")[SEA].reshape(-1, 3), axis=0)) > 20


def test_everything_carries_the_key(visit: Visit) -> None:
    """Tiles, events, series, pictures, files that are kept; the viewer's own files need none."""
    kinds = visit.facts["sent"]["kinds"]
    assert kinds.pop("static") == 0
    assert all(count > 0 for count in kinds.values()), kinds
    assert visit.facts["file"] == "private.sst.qlr"


def test_signed_addresses_hold_without_a_key(visit: Visit) -> None:
    """Those that the panel makes, and those in code to paste; the plain ones take the key."""
    signed = visit.facts["signed"]
    assert signed["statuses"] == {"plain": [401] * 7, "addresses": [200] * 7}
    assert "/signed/" in signed["code"]
    assert signed["note"].startswith("Until ")


def test_viewer_works_below_a_signed_address(visit: Visit) -> None:
    """For who has no key: a link to send, which asks for nothing above it."""
    below = visit.facts["below"]
    assert below.pop("count") > 100
    expected = {"heading": "Kept to staff", "dialogs": 0, "failures": [], "stays": True}
    assert below == expected
    assert len(np.unique(visit.picture("below")[SEA].reshape(-1, 3), axis=0)) > 20


def test_who_declines_may_sign_in_later(visit: Visit) -> None:
    """By a button where the dataset's name would stand."""
    assert visit.facts["again"] == "Sign in…"


def test_key_stays_in_the_tab(visit: Visit) -> None:
    """In no address, page, cookie or lasting storage; and nowhere once one has signed out."""
    kept = visit.facts["kept"]
    assert kept.pop("session") is True
    assert kept.pop("cookie") == ""
    assert not any(kept.values()), kept
    assert visit.facts["sent"]["addresses"] == 0
    assert visit.facts["out"] == {"datasets": ["For all"], "session": []}


def test_menu_says_who_is_signed_in(visit: Visit) -> None:
    """By name and roles; what only administrators may is not offered."""
    assert "Signed in as anna" in visit.facts["menu"]
    assert "Roles: staff" in visit.facts["menu"]
    assert "status" not in visit.facts["menu"]


def test_pictures_of_the_server_carry_it_too(visit: Visit) -> None:
    """Without WebGL, where the server draws."""
    assert visit.facts["drawn"] == {"failures": [], "heading": "Kept to staff"}
    assert len(np.unique(visit.picture("drawn")[300:340, 440:520].reshape(-1, 3), axis=0)) > 20


def test_another_role_is_told(visit: Visit) -> None:
    """That it may not: no other key is asked for."""
    assert "private" in visit.facts["forbidden"]
    assert visit.facts["forbiddenDialog"] == 0


def test_lost_key(visit: Visit) -> None:
    """A key that is revoked meanwhile is asked for again; who has no other sees what is public."""
    assert "Anmelden …" in visit.facts["german"]
    assert visit.facts["lost"].startswith("Der Schlüssel gilt nicht mehr: ")
    assert visit.facts["after"] == "For all"
    assert visit.facts["revealed"] == "text"


def test_nothing_is_hard_to_use(visit: Visit) -> None:
    """By axe-core, and on a phone nothing is wider than it."""
    assert {name: found for name, found in visit.facts["axe"].items() if found} == {}
    assert visit.facts["width"] == 390


def test_console_tells_of_refusals_alone(visit: Visit) -> None:
    """Which browsers do by themselves."""
    others = [each for each in visit.facts["errors"] if "40" not in each]
    assert others == []
