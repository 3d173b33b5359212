"""A server with a public, a private and a hidden dataset, and keys for them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.http.ogc.wire import running
from tests.services.memory_catalog import GLOBE, TIME, _entry, _source, _variable, sea
from tileserver.access.key import new_key
from tileserver.access.keyfile import written
from tileserver.access.signature import Signer
from tileserver.app import create_app
from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.config import DatasetConfig
from tileserver.cube import Raw
from tileserver.dataset import make_dataset
from tileserver.settings import Settings

LATER = datetime(2100, 1, 1, tzinfo=UTC)
PAST = datetime(2020, 1, 1, tzinfo=UTC)
SECRET = "what signs in these tests"


@dataclass(frozen=True)
class Guarded:
    """A server, what may be shown to it, and a job on the private dataset."""

    client: httpx.Client
    shown: dict[str, dict[str, str]]
    signatures: dict[str, str]
    job: str


def vault(cache: ByteCache[Raw], pool: Executor) -> Catalog:
    """`sea` for all, `vault` for staff, `crypt` for staff and a secret to others."""
    entries = [_entry(sea())]
    for name, access in (("vault", {}), ("crypt", {"hidden": True})):
        source = _source([TIME], _variable("gold", GLOBE, TIME, title="Veins", units="g"))
        config = {"id": name, "url": "memory", "title": f"The {name}"}
        config |= {"locations": {"middle": (0.0, 0.0)}}
        told = config | {"access": {"roles": ["staff"], **access}}
        entries.append(_entry(make_dataset(DatasetConfig.model_validate(told), source)))
    return Catalog({e.config.id: e for e in entries}, cache=cache, pool=pool)


def _bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder: Path = tmp_path_factory.mktemp("guarded")
    kinds: dict[str, dict[str, Any]] = {
        "expired": {"roles": ["staff"], "expires": PAST},
        "other": {"roles": ["guests"]},
        "right": {"roles": ["staff"]},
        "unread": {"roles": ["staff"], "scopes": ["refresh"]},
        "admin": {"scopes": ["read", "admin"]},
    }
    made = {kind: new_key(kind, **what) for kind, what in kinds.items()}
    keys = folder / "keys.yaml"
    keys.write_text("".join(written(kept) for _, kept in made.values()))
    shown = {kind: _bearer(text) for kind, (text, _) in made.items()}
    shown |= {"none": {}, "wrong": _bearer(new_key("wrong")[0])}
    signer = Signer((SECRET,))
    signatures = {
        "right": signer.sign("vault", LATER),
        "crypt": signer.sign("crypt", LATER),
        "other": signer.sign("sea", LATER),
        "expired": signer.sign("vault", PAST),
        "wrong": Signer(("other",)).sign("vault", LATER),
    }
    spoken = (*Settings.model_fields["adapters"].default, "titiler")
    settings = Settings(
        keys=str(keys), signing_keys=SECRET, jobs=str(folder / "jobs"), adapters=spoken
    )
    with (
        running(create_app(settings, vault)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        url = "/jobs?dataset=vault&variable=gold&lon=0&lat=0"
        job = client.post(url, headers=shown["right"]).json()["jobID"]
        yield Guarded(client, shown, signatures, job)
