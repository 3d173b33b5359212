"""What notifications of object stores name: S3's and MinIO's own, by SNS, by EventBridge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

import orjson

from tileserver.catalog import Catalog
from tileserver.errors import InvalidParameter, PayloadTooLarge, json_kind

WILDCARDS = "*?["
MOST_OBJECTS = 1000
LONGEST_NAME = 64 + 1024  # of a bucket and a key in S3
EXPECTED = "expected a notification of S3, MinIO, SNS or EventBridge"


def subscription(document: Mapping[str, Any]) -> str | None:
    """The address that confirms a subscription to an SNS topic, if that is what is asked for."""
    if document.get("Type") != "SubscriptionConfirmation":
        return None
    return str(document.get("SubscribeURL", ""))


def objects(document: Mapping[str, Any]) -> list[str]:
    """The objects that a notification names, each as bucket/key, but for names that no object has.

    Raises InvalidParameter, PayloadTooLarge.
    """
    try:
        found = list(islice(_objects(document), MOST_OBJECTS + 1))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidParameter("body", json_kind(document), EXPECTED) from error
    if len(found) > MOST_OBJECTS:
        raise PayloadTooLarge(f"body: more than {MOST_OBJECTS} records: send fewer at once")
    return [name for name in found if len(name) <= LONGEST_NAME]


def _objects(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("Type") == "Notification":  # SNS: the message is a text
        document = orjson.loads(document["Message"])
    if document.get("Event") == "s3:TestEvent":
        return
    if document.get("source") == "aws.s3":  # EventBridge: keys are as they are
        yield f"{document['detail']['bucket']['name']}/{document['detail']['object']['key']}"
        return
    for record in document["Records"]:
        found = record["s3"]
        yield f"{found['bucket']['name']}/{unquote_plus(found['object']['key'])}"


def touched(catalog: Catalog, named: Iterable[str]) -> list[str]:
    """The datasets that objects, each as bucket/key, lie in."""
    places: dict[str, list[str]] = {}
    for dataset, entry in catalog.entries.items():
        for url in entry.origin.urls:
            places.setdefault(_place(url), []).append(dataset)
    parts = {part for name in named for part in _ancestry(name)}
    return sorted({dataset for part in parts for dataset in places.get(part, ())})


def _place(url: str) -> str:
    """A dataset's URL as bucket/prefix, up to the folder where wildcards begin."""
    parts = urlsplit(url)
    by_http = parts.scheme in ("http", "https")  # the bucket stands in the path, for most services
    path = unquote(parts.path) if by_http else url.partition("://")[2]
    fixed = len(path)
    for place in map(path.find, WILDCARDS):
        fixed = min(fixed, place) if place >= 0 else fixed
    return (path if fixed == len(path) else path[:fixed].rpartition("/")[0]).strip("/")


def _ancestry(name: str) -> Iterator[str]:
    """A path and all that it lies in."""
    while name:
        yield name
        name = name.rpartition("/")[0]
