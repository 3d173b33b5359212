"""Notifications of object stores: examples of their makers, cut to what counts."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.catalogfile import load
from tileserver.errors import InvalidParameter, PayloadTooLarge
from tileserver.services.notification import MOST_OBJECTS, objects, subscription, touched

S3: dict[str, Any] = {
    "Records": [
        {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {
                "s3SchemaVersion": "1.0",
                "bucket": {
                    "name": "amzn-s3-demo-bucket",
                    "arn": "arn:aws:s3:::amzn-s3-demo-bucket",
                },
                "object": {"key": "red+flower/Happy%20Face.jpg", "size": 1024},
            },
        }
    ]
}
SNS = {"Type": "Notification", "TopicArn": "arn:aws:sns:x", "Message": json.dumps(S3)}
EVENTBRIDGE = {
    "version": "0",
    "detail-type": "Object Created",
    "source": "aws.s3",
    "detail": {
        "bucket": {"name": "amzn-s3-demo-bucket"},
        "object": {"key": "red flower/Happy Face.jpg"},
    },
}
MINIO = {
    "EventName": "s3:ObjectCreated:Put",
    "Key": "amzn-s3-demo-bucket/red flower/Happy Face.jpg",
    "Records": [
        {
            "eventSource": "minio:s3",
            "s3": {
                "bucket": {"name": "amzn-s3-demo-bucket"},
                "object": {"key": "red+flower%2FHappy+Face.jpg"},
            },
        }
    ],
}


@pytest.mark.parametrize("document", [S3, SNS, EVENTBRIDGE, MINIO])
def test_object_is_named(document: dict[str, Any]) -> None:
    """However it is wrapped, and its key is written."""
    assert objects(document) == ["amzn-s3-demo-bucket/red flower/Happy Face.jpg"]


def test_trial_names_none() -> None:
    """S3 sends one when a notification is set up."""
    assert objects({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}) == []


def test_subscription() -> None:
    """Of a topic only what asks to be confirmed is one."""
    asked = {"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example/?Token=1"}
    assert subscription(asked) == "https://sns.example/?Token=1"
    assert [subscription(document) for document in (S3, SNS, EVENTBRIDGE, MINIO)] == [None] * 4


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"Records": None},
        {"Records": ["x"]},
        {"Records": [{"s3": {"bucket": {"name": "b"}}}]},
        {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": 1}}}]},
        {"source": "aws.s3", "detail": []},
        {"Type": "Notification", "Message": "{"},
        {"Type": "Notification", "Message": 1},
        {"Type": "Notification", "Message": "[]"},
    ],
)
def test_what_is_no_notification(document: dict[str, Any]) -> None:
    """It is told, whatever is missing."""
    with pytest.raises(InvalidParameter, match="expected a notification"):
        objects(document)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    path = tmp_path / "catalog.yaml"
    path.write_text(
        """
        datasets:
        - {id: cube, url: "s3://b/cubes/a.zarr"}
        - {id: group, url: "s3://b/cubes/a.zarr/", group: x}
        - {id: whole, url: "s3://b"}
        - {id: alike, url: "s3://b/cubes/a.zarr2"}
        - {id: stack, url: "s3://b/ndvi/20*/*.tif", time_pattern: "(?P<time>x)"}
        - {id: listed, url: ["s3://c/1.tif", "s3://c/2.tif"], times: ["2020", "2021"]}
        - {id: web, url: "https://s3.example/c/my%20cube.zarr"}
        - {id: local, url: cubes/a.zarr}
        """
    )
    with ThreadPoolExecutor(1) as pool:
        return load([str(path)], {}, cache=ByteCache(1, len), pool=pool)


@pytest.mark.parametrize(
    ("name", "datasets"),
    [
        ("b/cubes/a.zarr/t2m/c/0/0", ["cube", "group", "whole"]),
        ("b/cubes/a.zarr2/zarr.json", ["alike", "whole"]),
        ("b/ndvi/2024/x.tif", ["stack", "whole"]),
        ("b/ndvi2/x.tif", ["whole"]),
        ("c/2.tif", ["listed"]),
        ("c/3.tif", []),
        ("c/my cube.zarr/zarr.json", ["web"]),
        ("cubes/a.zarr/zarr.json", []),
        ("", []),
        ("//", []),
    ],
)
def test_datasets_of_an_object(catalog: Catalog, name: str, datasets: list[str]) -> None:
    """Those whose folder it lies in, or whose file it is."""
    assert touched(catalog, [name]) == datasets


def record(key: str) -> dict[str, Any]:
    return {"s3": {"bucket": {"name": "b"}, "object": {"key": key}}}


def test_names_that_no_object_has_are_passed_over() -> None:
    """S3's are of 1024 bytes at most; all folders of a longer one would be looked for."""
    assert objects({"Records": [record("a" * 1024), record("/" * 100_000)]}) == ["b/" + "a" * 1024]


def test_too_many_at_once_are_refused() -> None:
    """Makers send one, or a few."""
    assert len(objects({"Records": [record("a")] * MOST_OBJECTS})) == MOST_OBJECTS
    with pytest.raises(PayloadTooLarge, match="send fewer"):
        objects({"Records": [record("a")] * (MOST_OBJECTS + 1)})
