"""Signed addresses: who has one may see a dataset until a time, without a key.

    signature = dataset ~ time ~ HMAC-SHA256(secret, "dataset~time")

It stands at the beginning of a path, `/signed/{signature}/tiles/…`, so that it is in all links that
documents below it hold, and maps that cannot send headers follow them.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tileserver.access.caller import Caller
from tileserver.errors import Unauthenticated

_SIGNATURE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)~(\d{1,11})~([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signer:
    """Makes and checks signatures.

    Args:
        secrets: the first signs, all are taken: so they can be changed one after the other.
    """

    secrets: Sequence[str] = field(default=(), repr=False)

    def sign(self, dataset: str, until: datetime) -> str:
        """A signature that opens one dataset until a time, in whole seconds."""
        said = f"{dataset}~{int(until.timestamp())}"
        return f"{said}~{_mac(self.secrets[0], said)}"

    def check(self, signature: str, now: datetime) -> Caller:
        """Who may see what it opens. Raises Unauthenticated."""
        match = _SIGNATURE.fullmatch(signature)
        said = signature.rpartition("~")[0]
        macs = [hmac.compare_digest(_mac(each, said), match[3]) for each in self.secrets if match]
        if match is None or not any(macs):
            raise Unauthenticated("the signature is not one of this server: ask for another")
        until = datetime.fromtimestamp(int(match[2]), UTC)
        if until <= now:
            raise Unauthenticated(f"the signature ended at {until:%Y-%m-%dT%H:%M:%SZ}: get another")
        return Caller(f"signature for {match[1]}", granted=frozenset({match[1]}))


def _mac(secret: str, said: str) -> str:
    digest = hmac.digest(secret.encode(), said.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
