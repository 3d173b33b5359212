"""ListObjectsV2: prefix, delimiter, paging by token."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from .message import Answer, Call, S3Error, element, text, xml_answer
from .objects import Directory, Entry

MAX_KEYS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing: an object, or (no path) a prefix that several share."""

    name: str
    path: Path | None

    def xml(self, encode: Callable[[str], str]) -> str:
        if self.path is None:
            return element("CommonPrefixes", text("Prefix", encode(self.name)))
        entry = Entry.of(self.path.stat())
        return element(
            "Contents",
            text("Key", encode(self.name)),
            text("LastModified", entry.modified.strftime("%Y-%m-%dT%H:%M:%S.000Z")),
            text("ETag", entry.etag),
            text("Size", entry.size),
            text("StorageClass", "STANDARD"),
        )


def list_objects(directory: Directory, call: Call) -> Answer:
    prefix, delimiter = call.param("prefix") or "", call.param("delimiter") or ""
    after = decode_token(call.param("continuation-token")) or call.param("start-after") or ""
    limit = parse_limit(call.param("max-keys"))
    rows = [
        row
        for row in group(directory.keys(call.bucket, prefix), prefix, delimiter)
        if row.name.encode() > after.encode()
    ]
    shown, url = rows[:limit], call.param("encoding-type") == "url"
    encode: Callable[[str], str] = (lambda s: quote(s, safe="/-_.~")) if url else str
    more = len(rows) > len(shown) > 0
    return xml_answer(
        "ListBucketResult",
        text("Name", call.bucket),
        text("Prefix", encode(prefix)),
        text("Delimiter", encode(delimiter)) if delimiter else "",
        text("EncodingType", "url") if url else "",
        text("MaxKeys", limit),
        text("KeyCount", len(shown)),
        text("IsTruncated", str(more).lower()),
        text("NextContinuationToken", encode_token(shown[-1].name)) if more else "",
        *(row.xml(encode) for row in shown),
    )


def group(keys: list[tuple[str, Path]], prefix: str, delimiter: str) -> Iterator[Row]:
    """Fold keys that go on past the delimiter into one row for each common prefix."""
    last = ""
    for key, path in keys:
        head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        if not found:
            yield Row(key, path)
        elif (common := prefix + head + delimiter) != last:
            last = common
            yield Row(common, None)


def parse_limit(given: str | None) -> int:
    if given is None:
        return MAX_KEYS
    if not given.isdecimal():
        raise S3Error(400, "InvalidArgument", "max-keys: expected a whole number")
    return min(int(given), MAX_KEYS)


def encode_token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def decode_token(token: str | None) -> str:
    try:
        return base64.urlsafe_b64decode(token or "").decode()
    except ValueError:
        raise S3Error(400, "InvalidArgument", "The continuation token is not valid") from None
