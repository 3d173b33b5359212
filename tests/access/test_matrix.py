"""Every route × what is shown, for a dataset that is kept to some: made from the table of routes,
so that a route that is new is held to the same policy, or fails here."""

from __future__ import annotations

import httpx2 as httpx
import pytest

from tests.access.cases import LISTINGS, PRIVATE, Case, private_cases, public_cases
from tests.access.conftest import Guarded

PRIVATES, PUBLICS = list(private_cases()), list(public_cases())
OPEN = [case for case in PUBLICS if case.endpoint.scope == "read" and case.path != "/jobs"]
OPEN = [case for case in OPEN if case.endpoint.status < 400]  # some are there to say no
READS = [case for case in PRIVATES if case.endpoint.scope == "read"]
# Who removes a job would end it for the other cases.
KEPT = [case for case in READS if case.method != "DELETE"]
REFUSED = {"none": 401, "wrong": 401, "expired": 401, "other": 403, "unread": 403}
SIGNED = {"wrong": 401, "expired": 401, "other": 403}
PROTOCOLS = ("wms", "wmts")
MOST_BYTES = 1 << 20


def ask(
    server: Guarded, case: Case, headers: dict[str, str], prefix: str = "", dataset: str = PRIVATE
) -> httpx.Response:
    """The answer; of one that has no end its beginning."""
    address = case.address.replace("{job}", server.job).replace(PRIVATE, dataset)
    content = b"".join(case.body for _ in range(case.method == "POST"))
    request = {"headers": headers, "content": content}
    with server.client.stream(case.method, prefix + address, **request) as answer:
        body = b""
        if "event-stream" not in answer.headers.get("content-type", ""):
            body = answer.read()
    return httpx.Response(answer.status_code, headers=_plain(answer), content=body)


def _plain(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(k, v) for k, v in answer.headers.multi_items() if k != "content-encoding"]


def refused(case: Case, answer: httpx.Response, status: int) -> None:
    """It is refused in the words of the protocol, and nothing may keep that."""
    assert answer.status_code == status, answer.text[:300]
    if case.service not in PROTOCOLS:
        assert answer.headers["content-type"] == "application/problem+json"
    elif case.query:  # beside the protocol there are files for desktops, which are our own
        assert "xml" in answer.headers["content-type"]
    assert "no-store" in answer.headers["cache-control"]
    assert "Authorization" in answer.headers["vary"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert b"Veins" not in answer.content


@pytest.mark.parametrize("shown", REFUSED)
@pytest.mark.parametrize("case", READS, ids=str)
def test_private_is_refused(guarded: Guarded, case: Case, shown: str) -> None:
    """401 to who shows nothing, or nothing good; 403 to who is known."""
    refused(case, ask(guarded, case, guarded.shown[shown]), REFUSED[shown])


@pytest.mark.parametrize("case", KEPT, ids=str)
def test_private_is_shown_to_the_right(guarded: Guarded, case: Case) -> None:
    """And no shared cache may keep it."""
    answer = ask(guarded, case, guarded.shown["right"])
    is_early = case.path.endswith("/result") and answer.status_code == 404
    assert is_early or answer.status_code in (200, 201, 204), answer.text[:300]
    assert is_early or answer.headers["cache-control"].startswith(("private", "no-store"))
    assert "Authorization" in ",".join(answer.headers.get_list("vary"))


@pytest.mark.parametrize("case", KEPT, ids=str)
def test_what_is_kept_is_shown_to_nobody_else(guarded: Guarded, case: Case) -> None:
    """After the right one had it, also by its ETag."""
    kept = ask(guarded, case, guarded.shown["right"]).headers.get("etag", '"x"')
    for headers in ({"If-None-Match": kept}, {"If-None-Match": "*"}):
        assert ask(guarded, case, headers).status_code == 401
        assert ask(guarded, case, headers | guarded.shown["other"]).status_code == 403


@pytest.mark.parametrize("shown", SIGNED)
@pytest.mark.parametrize("case", READS, ids=str)
def test_signature_that_is_not_right(guarded: Guarded, case: Case, shown: str) -> None:
    """Expired, of another server, for another dataset."""
    prefix = f"/signed/{guarded.signatures[shown]}"
    refused(case, ask(guarded, case, {}, prefix), SIGNED[shown])


@pytest.mark.parametrize("case", [case for case in READS if case.method == "GET"], ids=str)
def test_signature_opens_one_dataset(guarded: Guarded, case: Case) -> None:
    """All of its routes, for who shows nothing else."""
    answer = ask(guarded, case, {}, f"/signed/{guarded.signatures['right']}")
    is_early = case.path.endswith("/result") and answer.status_code == 404
    assert is_early or answer.status_code in (200, 204), answer.text[:300]
    assert is_early or answer.headers["cache-control"].startswith(("private", "no-store"))


@pytest.mark.parametrize("shown", ["none", "other"])
@pytest.mark.parametrize("case", [c for c in READS if "{job}" not in c.path], ids=str)
def test_hidden_is_as_if_it_were_not_there(guarded: Guarded, case: Case, shown: str) -> None:
    """The same answer but for the name."""
    headers = guarded.shown[shown] | {"X-Request-ID": "same"}
    hidden = ask(guarded, case, headers, dataset="crypt")
    lacking = ask(guarded, case, headers, dataset="cript")
    assert hidden.status_code == lacking.status_code
    assert hidden.status_code >= 400 or "BLANK" in case.query
    assert hidden.text.replace("crypt", "cript") == lacking.text


@pytest.mark.parametrize("shown", ["none", "other", "unread"])
@pytest.mark.parametrize("case", OPEN, ids=str)
def test_public_tells_nothing_of_the_private(guarded: Guarded, case: Case, shown: str) -> None:
    """Lists, documents, pages."""
    answer = ask(guarded, case, guarded.shown[shown])
    assert answer.status_code < 400, answer.text[:300]
    for word in (b"vault", b"crypt", b"Veins"):
        assert word not in answer.content.replace(b"encrypt", b"").replace(b"decrypt", b"")


@pytest.mark.parametrize("shown", ["wrong", "expired"])
@pytest.mark.parametrize("case", PUBLICS, ids=str)
def test_what_is_shown_must_be_good(guarded: Guarded, case: Case, shown: str) -> None:
    """Also where nothing would need to be."""
    refused(case, ask(guarded, case, guarded.shown[shown]), 401)


@pytest.mark.parametrize(
    "case",
    [c for c in PUBLICS if c.endpoint.path in LISTINGS and c.endpoint.scope == "read"],
    ids=str,
)
def test_lists_tell_the_right_of_it(guarded: Guarded, case: Case) -> None:
    """All that they may see, and for how long they alone."""
    answer = ask(guarded, case, guarded.shown["right"])
    assert b"vault" in answer.content
    assert b"crypt" in answer.content
    assert answer.headers["cache-control"].startswith(("private", "no-store"))


@pytest.mark.parametrize("shown", ["none", "wrong", "expired", "other", "right"])
@pytest.mark.parametrize(
    "case", [c for c in (*PRIVATES, *PUBLICS) if c.endpoint.scope != "read"], ids=str
)
def test_scopes_are_apart(guarded: Guarded, case: Case, shown: str) -> None:
    """No role opens what takes a scope."""
    status = 403 if shown in ("other", "right") else 401
    refused(case, ask(guarded, case, guarded.shown[shown]), status)
