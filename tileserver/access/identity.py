"""From what a request shows to who asks."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from tileserver.access.caller import ADMIN, Caller
from tileserver.access.key import PREFIX, Keys, check_key, is_unknown
from tileserver.access.signature import Signer
from tileserver.errors import Unauthenticated


class Tokens(Protocol):
    """Takes the tokens of an issuer."""

    async def check(self, text: str) -> Caller:
        """Who shows it. Raises Unauthenticated, SourceUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """All that this server takes for a proof of who asks.

    Args:
        admin_token: "" for none.
        look_again: for keys that were made elsewhere a moment ago.
    """

    keys: Keys | None = None
    tokens: Tokens | None = None
    signer: Signer = field(default_factory=Signer)
    admin_token: str = field(default="", repr=False)
    look_again: Callable[[], Awaitable[object]] | None = None

    @property
    def is_on(self) -> bool:
        """Whether anything is taken at all; else what requests show is none of our business, but
        maybe that of a proxy."""
        return bool(self.keys or self.tokens or self.admin_token or self.signer.secrets)

    async def identify(self, shown: str) -> Caller:
        """Who shows a key, a token or the admin token. Raises Unauthenticated."""
        if self.admin_token and hmac.compare_digest(shown.encode(), self.admin_token.encode()):
            return ADMIN
        if self.keys is not None and shown.startswith(PREFIX):
            if self.look_again is not None and is_unknown(self.keys, shown):
                await self.look_again()
            return check_key(self.keys, shown, datetime.now(UTC))
        if self.tokens is not None and shown.count(".") == 2:
            return await self.tokens.check(shown)
        raise Unauthenticated("what was sent is no key or token of this server: ask its operator")

    def identify_signature(self, signature: str) -> Caller:
        """Who follows a signed address. Raises Unauthenticated."""
        return self.signer.check(signature, datetime.now(UTC))
