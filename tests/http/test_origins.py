"""Whose pages may read answers, and whose may hold the viewer."""

import pytest
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import create_app
from tileserver.settings import Settings

MAPS, OTHER = "https://maps.example.org", "https://evil.example.org"
PATHS = ["/tiles/sea/sst/0/0/0.png", "/tiles/sea/sst/9/9/9", "/wms?request=x", "/datasets", "/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_any_page_may_read(path: str, method: str) -> None:
    """Unless it is said otherwise: errors too."""
    with TestClient(create_app(Settings(), catalog)) as client:
        answer = client.request(method, path, headers={"Origin": OTHER})
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_pages_of_some_origins_may_read(path: str, method: str) -> None:
    """Others are told nothing, and caches that it differs."""
    with TestClient(create_app(Settings(origins=MAPS), catalog)) as client:
        for _ in range(2):  # kept answers too
            told = client.request(method, path, headers={"Origin": MAPS}).headers
            assert told.get_list("access-control-allow-origin") == [MAPS]
            assert "Origin" in told.get_list("vary")
            for headers in ({"Origin": OTHER}, {}):
                told = client.request(method, path, headers=headers).headers
                assert "access-control-allow-origin" not in told
                assert "Origin" in told.get_list("vary")


@pytest.mark.parametrize(
    ("embedders", "frames"), [("*", "*"), (f"'self',{MAPS}", f"'self' {MAPS}"), ("", "'none'")]
)
def test_pages_that_hold_the_viewer(embedders: str, frames: str) -> None:
    """By the policy of its page, which has no other source than itself."""
    with TestClient(create_app(Settings(embedders=embedders), catalog)) as client:
        policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert f"frame-ancestors {frames}" in policy.split("; ")
