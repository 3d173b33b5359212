"""An issuer of tokens: a server that publishes keys, and tokens signed by them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

AUDIENCE = "tiles"


@dataclass
class Issuer:
    """One that tests tell what to publish.

    Attributes:
        keys: private keys by their ids, whose public ones are published.
        asked: how often the published keys were read.
        is_down: answers 503.
    """

    url: str = ""
    keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    asked: int = 0
    is_down: bool = False

    def __post_init__(self) -> None:
        self.add("first")

    def add(self, kid: str) -> None:
        """A key more."""
        self.keys[kid] = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, kid: str = "first", algorithm: str = "RS256", **claims: Any) -> str:
        """A token that is good, but for what is said otherwise; claims of None are left out."""
        now = time.time()
        good = {"iss": self.url, "aud": AUDIENCE, "sub": "ann", "exp": now + 600, "iat": now}
        told = {name: value for name, value in {**good, **claims}.items() if value is not None}
        return jwt.encode(told, self.keys[kid], algorithm, headers={"kid": kid})

    def published(self) -> dict[str, Any]:
        """The keys, as RFC 7517 has them."""
        found = []
        for kid, key in self.keys.items():
            told = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
            found.append(told | {"kid": kid, "use": "sig", "alg": "RS256"})
        return {"keys": found}


@contextmanager
def issuing() -> Iterator[Issuer]:
    """While it is reached on loopback."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            document: dict[str, Any] = {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"}
            if self.path == "/keys":
                issuer.asked += 1
                document = issuer.published()
            body = json.dumps(document).encode()
            self.send_response(503 if issuer.is_down else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
