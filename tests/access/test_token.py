"""Tokens of an issuer, against PyJWT's own signing and a real server of keys."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from tests.access.issuer import AUDIENCE, Issuer, issuing
from tileserver.access.token import OidcTokens
from tileserver.errors import SourceUnavailable, Unauthenticated


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


def check(issuer: Issuer, text: str, **settings: Any) -> Any:
    """Who shows a token to a server that has just started."""

    async def run() -> Any:
        return await OidcTokens(issuer.url, AUDIENCE, **settings).check(text)

    return asyncio.run(run())


def test_good_token(issuer: Issuer) -> None:
    """Name and roles; no scope but to read."""
    caller = check(issuer, issuer.token(roles=["staff"]))
    assert (caller.name, caller.roles, caller.scopes) == ("ann", {"staff"}, {"read"})


@pytest.mark.parametrize(
    ("path", "claims"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["staff", 5]}}),
        ("scope", {"scope": "staff"}),
        ("https://example.org/roles", {"https://example.org/roles": ["staff"]}),
    ],
)
def test_roles_stand_where_the_issuer_puts_them(
    issuer: Issuer, path: str, claims: dict[str, Any]
) -> None:
    """Nested, as words, by an address."""
    assert check(issuer, issuer.token(**claims), roles_claim=path).roles == {"staff"}


def test_role_of_admins(issuer: Issuer) -> None:
    """Has all scopes, where one is named."""
    token = issuer.token(roles=["ops"])
    assert check(issuer, token, admin_role="ops").may("admin")
    assert not check(issuer, token).may("admin")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"exp": time.time() - 60}, "expired"),
        ({"exp": None}, "claim is missing"),
        ({"aud": "others"}, "audience"),
        ({"aud": None}, "claim is missing"),
        ({"iss": "https://evil.example"}, "another issuer"),
        ({"sub": None}, "claim is missing"),
        ({"nbf": time.time() + 600}, "not valid yet"),
    ],
)
def test_wrong_claim_is_refused(issuer: Issuer, claims: dict[str, Any], words: str) -> None:
    """And told in words."""
    with pytest.raises(Unauthenticated, match=words):
        check(issuer, issuer.token(**claims))


def unsigned(claims: dict[str, Any], alg: str) -> str:
    """A token without a signature."""
    parts = ({"alg": alg, "typ": "JWT", "kid": "first"}, claims)
    return ".".join(
        [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
        + [""]
    )


@pytest.mark.parametrize("alg", ["none", "None", "nOnE", "HS256", "RS256", ""])
def test_unsigned_token_is_refused(issuer: Issuer, alg: str) -> None:
    """RFC 8725, 2.1."""
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    with pytest.raises(Unauthenticated):
        check(issuer, unsigned(claims, alg))


def test_public_key_is_no_shared_secret(issuer: Issuer) -> None:
    """A token of HS256 by the published key is refused (RFC 8725, 2.1)."""
    public = (
        issuer.keys["first"]
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    claims = jwt.decode(issuer.token(), options={"verify_signature": False})
    said = unsigned(claims, "HS256").rstrip(".")  # the library refuses to sign so
    mac = hmac.digest(public, said.encode(), "sha256")
    forged = f"{said}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    with pytest.raises(Unauthenticated, match="algorithm"):
        check(issuer, forged)


def test_key_of_somebody_else_is_refused(issuer: Issuer) -> None:
    """Of the same id, but not published by the issuer."""
    other = Issuer(issuer.url)
    with pytest.raises(Unauthenticated, match="signature"):
        check(issuer, other.token())


@pytest.mark.parametrize("text", ["a.b.c", "..", "." * 3, "é.é.é", f"{'a' * 50_000}.b.c"])
def test_no_token_is_refused(issuer: Issuer, text: str) -> None:
    """Whatever it is."""
    with pytest.raises(Unauthenticated):
        check(issuer, text)


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_shared_secrets_cannot_be_set(algorithm: str) -> None:
    """As an algorithm that is taken."""
    with pytest.raises(ValueError, match="asymmetric"):
        OidcTokens("https://issuer.example", AUDIENCE, algorithms=[algorithm])


def test_keys_are_read_once(issuer: Issuer) -> None:
    """For many at once, and for made-up keys too."""

    async def run() -> None:
        tokens = OidcTokens(issuer.url, AUDIENCE)
        texts = [issuer.token(sub=f"user{i}") for i in range(20)]
        assert len({(await each).name for each in map(tokens.check, texts)}) == 20
        issuer.add("unpublished")
        forged = [issuer.token("unpublished", jti=str(i)) for i in range(5)]
        del issuer.keys["unpublished"]
        for text in forged:
            with pytest.raises(Unauthenticated, match="no such key"):
                await tokens.check(text)
        assert issuer.asked == 1  # the next one is due half a minute later

    asyncio.run(run())


def test_issuer_that_is_down(issuer: Issuer) -> None:
    """Before its keys are known 503; after that tokens are taken all the same."""

    async def run() -> None:
        issuer.is_down = True
        with pytest.raises(SourceUnavailable):
            await OidcTokens(issuer.url, AUDIENCE).check(issuer.token())
        issuer.is_down = False
        tokens = OidcTokens(issuer.url, AUDIENCE)
        assert (await tokens.check(issuer.token())).name == "ann"
        issuer.is_down = True
        assert (await tokens.check(issuer.token(sub="bob"))).name == "bob"

    asyncio.run(run())


def test_configuration_of_another_issuer_is_refused(issuer: Issuer) -> None:
    """What is published below an address must be that issuer's (OpenID Connect Discovery, 4.3)."""

    async def run() -> None:
        tokens = OidcTokens(f"{issuer.url}/tenant", AUDIENCE)
        with pytest.raises(SourceUnavailable):
            await tokens.check(issuer.token(iss=f"{issuer.url}/tenant"))

    asyncio.run(run())
