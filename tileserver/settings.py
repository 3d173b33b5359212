"""The server's settings: environment variables with the prefix TILESERVER_."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import ByteSize, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Words = Annotated[tuple[str, ...], NoDecode]
Adapters = Annotated[tuple[Literal["edr", "stac", "titiler", "xcube", "zarr"], ...], NoDecode]


class Settings(BaseSettings):
    """Read once, by app.py; all else gets plain arguments."""

    model_config = SettingsConfigDict(env_prefix="TILESERVER_", frozen=True, extra="ignore")

    catalog: Words = Field(
        default=(), description="Catalogue files, folders or URLs, parted by commas."
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one."
    )
    workers: int = Field(default=1, ge=1, le=256, description="Processes that share the port.")
    public_url: str = Field(
        default="", description="Address that links begin with, e.g. behind a proxy."
    )
    root_path: str = Field(default="", description="Path below which a proxy mounts the server.")
    allowed_hosts: Words = Field(
        default=(), description="Host names that links may carry beside this machine's; * for any."
    )
    trusted_proxies: Words = Field(
        default=(), description="Addresses or networks whose X-Forwarded-* headers count."
    )
    origins: Words = Field(
        default=("*",), description="Origins whose pages may read answers (CORS); * for any."
    )
    embedders: Words = Field(
        default=("*",),
        description="Origins whose pages may hold the viewer in a frame; * for any, none: nobody.",
    )
    adapters: Adapters = Field(
        default=("edr", "stac", "xcube", "zarr"),
        description="Protocols of other servers that are spoken too; none: no other.",
    )
    xcube_viewer: str = Field(
        default="",
        description="Folder of the xcube viewer, to serve it at /xcube/viewer/; none: it is not.",
    )
    allowed_urls: Words = Field(
        default=(), description="Prefixes of which every dataset's url must have one; none: any."
    )
    open_datasets: int = Field(
        default=500,
        ge=1,
        description="Datasets that are kept open; of more each is opened when it is first used.",
    )
    summaries: str = Field(
        default="",
        description="SQLite file with what listings tell of datasets that are not open; none: no.",
    )
    memory: Annotated[ByteSize, Field(ge=16 << 20)] = Field(
        default=ByteSize(1 << 30),
        description="What all caches of all workers hold together, such as 4GiB.",
    )
    shared_tiles: str = Field(
        default="", description="Folder of encoded tiles that the workers share; none: no sharing."
    )
    redis: SecretStr = Field(
        default=SecretStr(""),
        description="URL of a Redis in which servers share tiles and limits; none: no sharing.",
    )
    redis_tiles_s: float = Field(
        default=86400, gt=0, description="How long Redis keeps an encoded tile, in seconds."
    )
    redis_facts_s: float = Field(
        default=7 * 86400, gt=0, description="How long it keeps what is known of data, in seconds."
    )
    redis_item_bytes: Annotated[ByteSize, Field(ge=1)] = Field(
        default=ByteSize(512 << 10), description="The largest encoded tile that Redis is given."
    )
    tile_read_bytes: int = Field(
        default=512 << 20, ge=1, description="The most that one tile may read, decoded, in bytes."
    )
    tile_read_chunks: int = Field(
        default=512, ge=1, description="The most chunks that one tile may read."
    )
    over_budget: Literal["pattern", "error"] = Field(
        default="pattern",
        description="What a picture that would read more than it may is: a pattern, or an error.",
    )
    series_read_bytes: int = Field(
        default=8 << 30,
        ge=1,
        description="The most that one time series may read, decoded, in bytes.",
    )
    body_bytes: int = Field(
        default=8 << 20, ge=1, description="The largest request body, in bytes."
    )
    map_pixels: int = Field(
        default=1 << 24, ge=1 << 16, description="The most pixels that one map of WMS may have."
    )
    tile_timeout_s: float = Field(
        default=20, gt=0, description="The most that one tile may take, in seconds."
    )
    answer_timeout_s: float = Field(
        default=120, gt=0, description="The most that numbers may take to be told, in seconds."
    )
    in_flight: int = Field(
        default=16, ge=1, description="Pictures that are made at once; the rest wait."
    )
    waiting: int = Field(
        default=256, ge=0, description="Pictures that wait to be made; more are refused."
    )
    waiting_s: float = Field(
        default=5, gt=0, description="How long a picture waits to be made, in seconds."
    )
    connections: int = Field(
        default=4000, ge=1, description="Connections that one worker has open; more are refused."
    )
    client_connections: int = Field(
        default=1000, ge=1, description="Connections of one address, unless it is a trusted proxy."
    )
    headers_s: float = Field(
        default=10, gt=0, description="Until the headers of a request have come, in seconds."
    )
    idle_s: float = Field(
        default=75,
        gt=0,
        description="How long a connection is kept open on which nothing is asked.",
    )
    drain_s: float = Field(
        default=0, ge=0, description="How long to serve on when told to end, not being ready."
    )
    client_rate: float = Field(
        default=0, ge=0, description="Requests a second of one client, over time; 0: no limit."
    )
    client_burst: int = Field(
        default=500, ge=1, description="Requests that one client may send at once."
    )
    client_table: str = Field(
        default="",
        description="File in which workers count what clients ask; none: one of their own.",
    )
    threads: int = Field(default=4, ge=1, le=256, description="Threads for decoding and drawing.")
    refresh_s: float = Field(
        default=60, ge=0, description="Within how many seconds datasets follow changes; 0: never."
    )
    admin_token: SecretStr = Field(
        default=SecretStr(""), description="What admin requests must carry; none: nobody may."
    )
    database: SecretStr = Field(
        default=SecretStr(""),
        description="Database of registered datasets and keys: an SQLite file or a URL; none: no.",
    )
    database_wait_s: float = Field(
        default=30, ge=0, description="How long a start waits for the database, in seconds."
    )
    keys: str = Field(
        default="", description="File of API keys, of which it holds hashes; none: no keys."
    )
    oidc_issuer: str = Field(
        default="", description="OpenID Connect issuer whose tokens are taken; none: no tokens."
    )
    oidc_audience: str = Field(default="", description="This server's name in those tokens.")
    oidc_jwks_url: str = Field(
        default="", description="Where the issuer's keys are; none: as its configuration says."
    )
    oidc_algorithms: Words = Field(
        default=("RS256", "ES256", "PS256", "EdDSA"),
        description="Algorithms of tokens that are taken; only asymmetric ones.",
    )
    oidc_roles_claim: str = Field(
        default="roles", description="Where roles stand in a token, such as realm_access.roles."
    )
    oidc_admin_role: str = Field(
        default="", description="The role that may administer; none: no token may."
    )
    signing_keys: SecretStr = Field(
        default=SecretStr(""),
        description="Secrets of signed addresses, parted by commas: the first signs, all hold.",
    )
    signed_s: float = Field(
        default=7 * 86400, gt=0, description="The longest that a signed address holds, in seconds."
    )
    noticeboard: str = Field(
        default="",
        description="File in which workers tell each other of changes; none: one of their own.",
    )
    jobs: str = Field(
        default="", description="Folder of jobs and their results; none: no jobs are taken."
    )
    jobs_waiting: int = Field(
        default=1000, ge=1, description="Jobs that wait or run; more are refused."
    )
    jobs_bytes: Annotated[ByteSize, Field(ge=1 << 20)] = Field(
        default=ByteSize(10 << 30),
        description="What the results of jobs may take on the disk; the oldest go first.",
    )
    jobs_age_s: float = Field(
        default=7 * 86400, gt=0, description="How long a job that has ended is kept, in seconds."
    )
    job_read_bytes: Annotated[ByteSize, Field(ge=1)] = Field(
        default=ByteSize(1 << 40), description="The most that one job may read, decoded."
    )
    scheduler: str = Field(
        default="", description="Address of a Dask scheduler that works out jobs; none: threads."
    )
    metrics: Literal["open", "admin"] = Field(
        default="open", description="Who may read /metrics: everybody (open), or the scope admin."
    )
    figures: str = Field(
        default="",
        description="Folder in which workers tell each other figures; none: one of their own.",
    )
    traces: bool = Field(
        default=False,
        description="Whether traces of requests are sent, as the OTEL_… variables say.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="debug, info, warning or error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Lines of the log: text for people, or json for collectors."
    )
    log_requests: Literal["none", "problems", "all"] = Field(
        default="problems",
        description="Requests that get a line: none, those that fail or are slow (problems), all.",
    )
    log_clients: bool = Field(
        default=False, description="Whether the log tells addresses of clients: personal data."
    )
    log_slow_s: float = Field(
        default=5, gt=0, description="After how many seconds without an answer a request is slow."
    )

    @field_validator(
        "catalog",
        "allowed_hosts",
        "trusted_proxies",
        "allowed_urls",
        "oidc_algorithms",
        "origins",
        "embedders",
        "adapters",
        mode="before",
    )
    @classmethod
    def _words(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for each in value:
            ip_network(each, strict=False)  # its ValueError says what is wrong
        return value
