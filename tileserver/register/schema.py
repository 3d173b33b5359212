"""The tables, as the newest migration leaves them.

Every change has a number, given while the one row of `state` is locked: so numbers follow each
other in the order in which changes can be seen, and who has read up to one has missed none.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

METADATA = MetaData()

STATE = Table(
    "state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("change", BigInteger, nullable=False),
)
DATASET = Table(
    "dataset",
    METADATA,
    Column("id", String(128), primary_key=True),
    Column("config", Text, nullable=False),  # as in the catalogue's files, in JSON
    Column("revision", Integer, nullable=False),
    Column("change", BigInteger, nullable=False, index=True),
)
# Of any dataset, also of the files': opened anew by all when this moves.
GENERATION = Table(
    "generation",
    METADATA,
    Column("dataset", String(128), primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("change", BigInteger, nullable=False, index=True),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("change", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),  # ISO 8601, UTC
    Column("who", String(200), nullable=False),
    Column("action", String(20), nullable=False),
    Column("dataset", String(128), nullable=True, index=True),
    Column("before", Text, nullable=True),
    Column("after", Text, nullable=True),
)
API_KEY = Table(
    "api_key",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("roles", Text, nullable=False),  # JSON
    Column("scopes", Text, nullable=False),  # JSON
    Column("expires", String(32), nullable=True),
    Column("created", String(32), nullable=True),
)
