"""Tokens of an OpenID Connect issuer: JSON Web Tokens, checked against its published keys.

RFC 7519, with the advice of RFC 8725: algorithms are pinned, and all of them asymmetric, so that
neither `none` nor a public key taken for a shared secret passes; issuer, audience, expiry and
subject must be there; only keys that the issuer publishes count.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import sha256
from time import monotonic, time
from typing import Any
from urllib.request import Request, urlopen

import jwt

from tileserver.access.caller import SCOPES, Caller
from tileserver.errors import SourceUnavailable, Unauthenticated

log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
LEEWAY_S = 30.0  # that clocks may be apart
LONGEST = 16 << 10  # characters of a token
KEYS_S = 600.0  # after which published keys are read again: revoked ones are gone
PAUSE_S = 30.0  # between two readings because of an unknown key: made-up ones cost nothing
FETCH_S = 5.0
LARGEST_DOCUMENT = 1 << 20
MOST_KNOWN = 4096
_SECRETS = re.compile(r"HS\d+|none", re.IGNORECASE)


class OidcTokens:
    """The tokens of one issuer. Belongs to one event loop.

    Args:
        issuer: as in the claim `iss`, and below which its configuration is published.
        audience: which of a token's audiences this server is.
        roles_claim: where roles stand, steps parted by dots: `realm_access.roles`.
        admin_role: who has it has all scopes; "" for nobody.
        jwks_url: of the keys; "" to take it from the issuer's configuration.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        roles_claim: str = "roles",
        admin_role: str = "",
        jwks_url: str = "",
        algorithms: Sequence[str] = ALGORITHMS,
    ) -> None:
        if not audience:
            raise ValueError("oidc_audience is missing: name this server as its tokens do")
        if wrong := [each for each in algorithms if _SECRETS.fullmatch(each)]:
            raise ValueError(f"oidc_algorithms={wrong[0]!r}: expected asymmetric ones")
        self._issuer, self._audience, self._algorithms = issuer, audience, tuple(algorithms)
        self._roles_claim, self._admin_role = roles_claim, admin_role
        self._jwks_url = jwks_url
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._read, self._tried = -KEYS_S, -PAUSE_S
        self._reading = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    async def check(self, text: str) -> Caller:
        """Who shows a token. Raises Unauthenticated, SourceUnavailable where the issuer's keys are
        not known yet and cannot be had."""
        digest = sha256(text.encode()).digest()
        expires, caller = self._known.get(digest, (0.0, None))
        if caller is not None and time() < expires and not self._are_old():
            return caller
        claims = await self._claims(text)
        caller = self._caller(claims)
        self._known[digest] = float(claims["exp"]) + LEEWAY_S, caller
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return caller

    async def _claims(self, text: str) -> Mapping[str, Any]:
        try:
            if len(text) > LONGEST:
                raise jwt.InvalidTokenError("it is too long")
            header = jwt.get_unverified_header(text)
            if header.get("alg") not in self._algorithms:
                raise jwt.InvalidAlgorithmError("its algorithm is not taken")
            key = await self._key(header.get("kid"))
            claims: Mapping[str, Any] = jwt.decode(
                text,
                key,
                algorithms=list(self._algorithms),
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthenticated(f"the token is not taken: {_reason(error)}") from error
        return claims

    async def _key(self, kid: object) -> jwt.PyJWK:
        """A published key. Raises jwt.InvalidKeyError where there is none of this id."""
        if self._are_old() and self._keys:
            self._renew()
        elif self._find(kid) is None:
            async with self._reading:
                if self._find(kid) is None and monotonic() - self._tried >= PAUSE_S:
                    await self._read_keys()
        if not self._keys:
            raise SourceUnavailable("the issuer of tokens does not answer: try again in a moment")
        found = self._find(kid)
        if found is None:
            raise jwt.InvalidKeyError("its issuer publishes no such key")
        return found

    def _find(self, kid: object) -> jwt.PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if isinstance(kid, str) else None

    def _are_old(self) -> bool:
        return monotonic() - self._read >= KEYS_S

    def _renew(self) -> None:
        """Read the keys again beside what goes on; the old ones hold meanwhile."""
        if monotonic() - self._tried >= PAUSE_S:
            self._renewal = asyncio.ensure_future(self._read_keys())

    async def _read_keys(self) -> None:
        self._tried = monotonic()
        try:
            found = await asyncio.to_thread(self._fetch_keys)
        except Exception as error:  # whatever an issuer answers: the keys that are known still hold
            log.warning("the keys of the token issuer cannot be read: %s", type(error).__name__)
            return
        self._keys, self._read = found, monotonic()
        self._known.clear()

    def _fetch_keys(self) -> dict[str | None, jwt.PyJWK]:
        url = self._jwks_url or self._discovered()
        keys = [each for each in _fetch(url)["keys"] if each.get("use", "sig") == "sig"]
        usable = [each for each in keys if each.get("kty") in ("RSA", "EC", "OKP")]
        return {each.get("kid"): jwt.PyJWK(each) for each in usable}

    def _discovered(self) -> str:
        """As OpenID Connect Discovery 1.0, 4, has it."""
        said = _fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        if said["issuer"] != self._issuer:
            raise ValueError("the configuration is another issuer's")
        return str(said["jwks_uri"])

    def _caller(self, claims: Mapping[str, Any]) -> Caller:
        roles = frozenset(_words(_claim(claims, self._roles_claim)))
        is_admin = bool(self._admin_role) and self._admin_role in roles
        name = str(claims.get("preferred_username") or claims["sub"])
        return Caller(name[:100], roles, frozenset(SCOPES if is_admin else ("read",)))


def _claim(claims: Mapping[str, Any], path: str) -> object:
    found: object = claims
    # Some issuers name claims by addresses, which hold dots themselves.
    for step in (path,) if path in claims else path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _words(claim: object) -> list[str]:
    """Of a list, or of a text with spaces, as `scope` is (RFC 8693, 4.2)."""
    if isinstance(claim, str):
        return claim.split()
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list) else []


def _fetch(url: str) -> Any:
    request = Request(url, headers={"Accept": "application/json"})
    with urlopen(request, timeout=FETCH_S) as answer:
        return json.loads(answer.read(LARGEST_DOCUMENT))


def _reason(error: jwt.PyJWTError) -> str:
    """In our words: the library's may repeat what the token holds."""
    match error:
        case jwt.ExpiredSignatureError():
            return "it has expired: get another"
        case jwt.InvalidAudienceError():
            return "it is for another audience"
        case jwt.InvalidIssuerError():
            return "it is of another issuer"
        case jwt.InvalidAlgorithmError():
            return "its algorithm is not taken"
        case jwt.InvalidKeyError():
            return "its issuer publishes no such key"
        case jwt.ImmatureSignatureError():
            return "it is not valid yet"
        case jwt.MissingRequiredClaimError():
            return "a claim is missing: exp, iss, aud and sub are needed"
        case jwt.InvalidSignatureError():
            return "its signature is wrong"
        case _:
            return "it is no sound token"
