"""AWS Signature Version 4 in request headers, checked as the service does.

Source: "Authenticating Requests (AWS Signature Version 4)", Amazon S3 API Reference.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, unquote

from .message import Call, S3Error

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
MAX_SKEW = timedelta(minutes=15)
AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/]+)/(?P<date>\d{{8}})/(?P<region>[^/]+)/s3/aws4_request"
    r",\s*SignedHeaders=(?P<headers>[^,]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
CHUNK_HEADER = re.compile(rb"([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str
    region: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signing key is derived from and every string to sign repeats."""

    timestamp: str
    credentials: Credentials

    @property
    def text(self) -> str:
        return f"{self.timestamp[:8]}/{self.credentials.region}/s3/aws4_request"

    def sign(self, algorithm: str, *lines: str) -> str:
        key = b"AWS4" + self.credentials.secret_key.encode()
        for part in self.text.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        to_sign = "\n".join((algorithm, self.timestamp, self.text, *lines))
        return hmac.digest(key, to_sign.encode(), "sha256").hex()


def verify(call: Call, credentials: Credentials, now: datetime) -> bytes:
    """Check a request's signature and payload; return the payload, decoded if it was chunked.

    Raises:
        S3Error: with the status and code that Amazon S3 gives.
    """
    match = AUTHORIZATION.fullmatch(call.headers.get("authorization", ""))
    if match is None:
        raise S3Error(403, "AccessDenied", "Access Denied: no version 4 signature in the headers")
    if match["key"] != credentials.access_key:
        raise S3Error(403, "InvalidAccessKeyId", "The access key does not exist")
    scope = Scope(call.headers.get("x-amz-date", ""), credentials)
    check_scope(match, scope, now)
    signed = match["headers"].split(";")
    if "host" not in signed or not {h for h in call.headers if h.startswith("x-amz-")} <= {*signed}:
        raise S3Error(403, "AccessDenied", "host and every x-amz- header must be signed")
    digest = hashlib.sha256(canonical_request(call, signed).encode()).hexdigest()
    check_signature(scope.sign(ALGORITHM, digest), match["signature"])
    return check_payload(call, scope, match["signature"])


def check_scope(match: re.Match[str], scope: Scope, now: datetime) -> None:
    try:
        sent = datetime.strptime(scope.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise S3Error(403, "AccessDenied", "x-amz-date: expected YYYYMMDDTHHMMSSZ") from None
    if abs(now - sent) > MAX_SKEW:
        raise S3Error(403, "RequestTimeTooSkewed", "The request is more than 15 minutes off")
    if match["date"] != scope.timestamp[:8] or match["region"] != scope.credentials.region:
        message = f"the credential scope is wrong; expected region {scope.credentials.region!r}"
        raise S3Error(400, "AuthorizationHeaderMalformed", message)


def check_signature(expected: str, given: str) -> None:
    if not hmac.compare_digest(expected, given):
        raise S3Error(403, "SignatureDoesNotMatch", "The signature we calculated does not match")


def canonical_request(call: Call, signed: list[str]) -> str:
    """The text that both sides hash: method, path, query, signed headers, payload hash."""
    query = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in call.query)
    headers = "".join(f"{h}:{' '.join(call.headers.get(h, '').split())}\n" for h in signed)
    return "\n".join(
        (
            call.method,
            quote(unquote(call.path), safe="/-_.~"),
            "&".join(f"{k}={v}" for k, v in query),
            headers,
            ";".join(signed),
            call.headers.get("x-amz-content-sha256", EMPTY_SHA256),
        )
    )


def check_payload(call: Call, scope: Scope, seed: str) -> bytes:
    stated = call.headers.get("x-amz-content-sha256", EMPTY_SHA256)
    if stated.startswith("STREAMING-"):
        return decode_chunked(call, scope, seed)
    if stated != "UNSIGNED-PAYLOAD" and stated != hashlib.sha256(call.body).hexdigest():
        raise S3Error(400, "XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not the body's")
    return call.body


def decode_chunked(call: Call, scope: Scope, seed: str) -> bytes:
    """Join the parts of an aws-chunked body, each checked against the signature before it."""
    signed = ALGORITHM in call.headers["x-amz-content-sha256"]
    previous, parts = seed, []
    for data, signature in split_chunks(call.body):
        if signed:
            hashes = (previous, EMPTY_SHA256, hashlib.sha256(data).hexdigest())
            previous = scope.sign(f"{ALGORITHM}-PAYLOAD", *hashes)
            check_signature(previous, signature)
        parts.append(data)
    payload = b"".join(parts)
    if int(call.headers.get("x-amz-decoded-content-length", -1)) != len(payload):
        raise S3Error(400, "IncompleteBody", "x-amz-decoded-content-length is not the body's")
    return payload


def split_chunks(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield (data, signature) of each chunk, the empty last one included; trailers are dropped."""
    offset = 0
    while match := CHUNK_HEADER.match(body, offset):
        start = match.end()
        offset = start + int(match[1], 16)
        yield body[start:offset], (match[2] or b"").decode()
        if offset == start:
            return
        offset += 2  # the line end that closes a chunk's data
    raise S3Error(400, "IncompleteBody", "the aws-chunked body has no last chunk")
