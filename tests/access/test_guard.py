"""How a request shows who it is from, and what an answer says to caches."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.access.conftest import SECRET, Guarded
from tests.access.issuer import AUDIENCE, issuing
from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

TILE = "/tiles/vault/gold/0/0/0.png"
PUBLIC = "/tiles/sea/sst/0/0/0.png"


def key_of(guarded: Guarded, kind: str) -> str:
    return guarded.shown[kind]["Authorization"].removeprefix("Bearer ")


def basic(name: str, password: str) -> dict[str, str]:
    told = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"Authorization": f"Basic {told}"}


def test_key_as_a_password(guarded: Guarded) -> None:
    """Of any user: what QGIS, GDAL and OWSLib offer."""
    key = key_of(guarded, "right")
    for name in ("", "ann", "ts:x"):
        assert (
            guarded.client.get(TILE, headers=basic(name.replace(":", ""), key)).status_code == 200
        )


def test_key_in_a_header_of_its_own(guarded: Guarded) -> None:
    """X-API-Key; Authorization goes first where both are there."""
    key = {"X-API-Key": key_of(guarded, "right")}
    assert guarded.client.get(TILE, headers=key).status_code == 200
    assert guarded.client.get(TILE, headers=key | guarded.shown["other"]).status_code == 403


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Basic",
        "Basic !",
        "Basic /////w==",
        "Digest x",
        "ts_1_2",
        "Bearer é",
    ],
)
def test_what_is_no_credential(guarded: Guarded, authorization: str) -> None:
    """401, not taken for nobody."""
    headers = {"Authorization": authorization.encode("latin-1")}
    answer = guarded.client.get(PUBLIC, headers=headers)
    assert answer.status_code == 401
    assert "key" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["api_key", "token", "access_token", "key", "x"])
def test_key_in_the_address_is_refused(guarded: Guarded, name: str) -> None:
    """And it is told why: logs keep addresses."""
    answer = guarded.client.get(TILE, params={name: key_of(guarded, "right")})
    assert answer.status_code == 401
    assert "never into an address" in answer.json()["detail"]


def test_browsers_are_not_asked_for_a_password(guarded: Guarded) -> None:
    """Where a page fetches something: the browser's own window would lie over it."""
    asked = guarded.client.get(TILE).headers["www-authenticate"]
    assert asked.startswith("Bearer")
    assert "Basic" in asked
    for mode, is_asked in (("cors", False), ("no-cors", False), ("navigate", True)):
        answer = guarded.client.get(TILE, headers={"Sec-Fetch-Mode": mode})
        assert ("Basic" in answer.headers["www-authenticate"]) == is_asked


def test_preflight_needs_no_key(guarded: Guarded) -> None:
    """Browsers send none with it; it allows the header by its name, which `*` does not."""
    answer = guarded.client.options(TILE)
    assert answer.status_code == 204
    allowed = answer.headers["access-control-allow-headers"].lower()
    assert "authorization" in allowed


def test_public_answers_stay_public(guarded: Guarded) -> None:
    """For who shows nothing; but shared caches are told that it matters."""
    answer = guarded.client.get(PUBLIC)
    assert answer.headers["cache-control"].startswith("public")
    assert "Authorization" in answer.headers["vary"]
    answer = guarded.client.get(PUBLIC, headers=guarded.shown["right"])
    assert answer.headers["cache-control"].startswith("private")
    assert "public" not in answer.headers["cache-control"]


def test_links_below_a_signature_keep_it(guarded: Guarded) -> None:
    """TileJSON, capabilities of WMTS and WMS, OGC API: all their addresses open without a key."""
    signed = guarded.client.post(
        "/datasets/vault/sign?expires_s=600", headers=guarded.shown["right"]
    ).json()
    assert signed["base"].startswith(str(guarded.client.base_url).rstrip("/") + "/signed/vault~")
    tiles = guarded.client.get(signed["links"]["tilejson"].replace("{variable}", "gold")).json()
    tile = tiles["tiles"][0].replace("{z}/{x}/{y}", "0/0/0")
    assert guarded.client.get(tile).headers["content-type"] == "image/png"
    for address in ("/wmts/1.0.0/WMTSCapabilities.xml", "/wms?service=WMS&request=GetCapabilities"):
        document = guarded.client.get(signed["base"] + address).text
        links = set(re.findall(r'(?:href|template)="(http://127[^"]*)"', document))
        assert links
        assert all(link.startswith(signed["base"]) for link in links)


def test_page_below_a_signature(guarded: Guarded) -> None:
    """The viewer, its files and what it asks for: with and without the last slash."""
    base = f"/signed/{guarded.signatures['right']}"
    assert guarded.client.get(f"{base}/").headers["content-type"].startswith("text/html")
    assert guarded.client.get(base).headers["content-type"].startswith("text/html")
    assert guarded.client.get(f"{base}/static/main.js").status_code == 200
    listed = guarded.client.get(f"{base}/datasets").json()["datasets"]
    assert [each["id"] for each in listed] == ["sea", "vault"]


@pytest.mark.parametrize(
    ("shown", "query", "status", "word"),
    [
        ("none", "", 401, "key"),
        ("other", "", 403, "vault"),
        ("right", "?expires_s=59", 400, "expires_s"),
        ("right", "?expires_s=99999999", 400, "604800"),
        ("right", "?expires_s=nan", 400, "expires_s"),
    ],
)
def test_signing_is_limited(
    guarded: Guarded, shown: str, query: str, status: int, word: str
) -> None:
    """To who sees the dataset, and in time."""
    headers = guarded.shown[shown]
    answer = guarded.client.post(f"/datasets/vault/sign{query}", headers=headers)
    assert answer.status_code == status
    assert word in answer.json()["detail"]


def test_signature_cannot_prolong_itself(guarded: Guarded) -> None:
    """Who came by one makes no other."""
    base = f"/signed/{guarded.signatures['right']}"
    assert guarded.client.post(f"{base}/datasets/vault/sign").status_code == 403


def test_caller_is_told(guarded: Guarded) -> None:
    """Name, roles and scopes; nobody where nothing is shown."""
    told = guarded.client.get("/caller", headers=guarded.shown["right"]).json()
    assert (told["name"], told["roles"], told["scopes"]) == ("right", ["staff"], ["read"])
    assert guarded.client.get("/caller").json()["name"] == ""
    assert guarded.client.get("/viewer").json()["sign_in"]


def test_tokens_open_what_their_roles_do() -> None:
    """By the running server: good, for another audience, unsigned."""
    with issuing() as issuer:
        settings = Settings(oidc_issuer=issuer.url, oidc_audience=AUDIENCE, oidc_admin_role="ops")
        with TestClient(create_app(settings, catalog)) as client:
            good = {"Authorization": f"Bearer {issuer.token(roles=['ops'])}"}
            assert client.get("/caller", headers=good).json()["scopes"] == [
                "admin", "read", "refresh",
            ]  # fmt: skip
            wrong = {"Authorization": f"Bearer {issuer.token(aud='others')}"}
            answer = client.get("/datasets", headers=wrong)
            assert (answer.status_code, "audience" in answer.text) == (401, True)


def test_server_without_keys_leaves_headers_alone() -> None:
    """A proxy before it may use them; operators' routes are nobody's then."""
    with TestClient(create_app(Settings(), catalog)) as client:
        headers = basic("ann", "password")
        answer = client.get("/tiles/sea/sst/0/0/0.png", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["cache-control"].startswith("public")
        assert "Authorization" not in answer.headers.get("vary", "")
        assert client.post("/datasets/sea/refresh", headers=headers).status_code == 403
        assert not client.get("/viewer").json()["sign_in"]


@pytest.mark.parametrize(
    "settings",
    [
        {"keys": "nowhere.yaml"},
        {"oidc_issuer": "https://issuer.example"},
        {"oidc_issuer": "https://issuer.example", "oidc_audience": "x", "oidc_algorithms": "HS256"},
    ],
)
def test_wrong_settings_stop_the_start(settings: dict[str, str], tmp_path: Path) -> None:
    """A server that would take nobody for who they are, or everybody, does not begin."""
    with (
        pytest.raises(Exception, match=r"keys|oidc"),
        TestClient(
            create_app(Settings(**settings), catalog)  # type: ignore[arg-type]
        ),
    ):
        pass


def test_secrets_are_in_no_document(guarded: Guarded) -> None:
    """Not in the API's description, metrics, configuration, errors."""
    key = key_of(guarded, "right")
    for path in ("/openapi.json", "/metrics", "/viewer", "/caller", "/nowhere", "/datasets/x"):
        answer: httpx.Response = guarded.client.get(path, headers=guarded.shown["right"])
        assert key.split("_", 2)[2] not in answer.text
        assert SECRET not in answer.text
