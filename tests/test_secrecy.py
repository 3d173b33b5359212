"""What is taken out of texts before they are written down."""

import time

import pytest

from tileserver.access.key import new_key
from tileserver.secrecy import masked

KEY = "ts_0123456789abcdef_AbC-dEf_ghiJKLmnopQRstuVWxyz0123456789"
SECRET = KEY.split("_", 2)[2]
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (SECRET, f"a {KEY} in a text"),
        (SECRET, f"/tiles/{KEY}/x"),
        ("c2lnbmF0dXJl", f"the token {JWT} is old"),
        ("abcdefgh", "Authorization: Bearer abcdefgh"),
        ("eDp5", "authorization: basic eDp5eDp5"),
        ("geheim", "postgresql+psycopg://user:geheim@host/db"),
        ("geheim", "https://user:geheim@host/x.zarr?y=1"),
        ("geheim", "https://host/x?X-Amz-Signature=geheim&y=1"),
        ("geheim", "https://host/x?sig=geheim"),
        ("geheim", "{'secret_access_key': 'geheim', 'b': 1}"),
        ("geheim", 'password="geheim"'),
        ("geheim", "AWS_SECRET_ACCESS_KEY=geheim"),
        ("geheim", "GET /signed/geheim/tiles/a/b/0/0/0"),
    ],
)
def test_secrets_are_taken_out(secret: str, text: str) -> None:
    """By their form, or by the name before them."""
    assert secret in text
    assert secret not in masked(text)
    assert "…" in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "dataset 'sea': the bucket does not exist: check url",
        "https://host:8080/a/b.zarr?time=2024-01-01T00:00:00Z",
        "s3://bucket/key/eyes.zarr",
        "token=None",
        "tiles of ts_2024 and ts_mean",
        "this takes the scope 'admin': send a key or token that has it",
    ],
)
def test_other_texts_stay(text: str) -> None:
    """Addresses, names and sentences are as they were."""
    assert masked(text) == text


def test_key_can_still_be_told() -> None:
    """Its first part says which it was, so that it can be revoked."""
    assert masked(KEY) == f"{KEY.removesuffix(SECRET)}…"


@pytest.mark.paced
@pytest.mark.parametrize(
    "part", ["a-", "a.", "password", "eyJaaaaaa-", "eyJ", "secret=", "token", "://", "http://a:b@"]
)
def test_takes_no_longer_for_what_is_made_to_take_long(part: str) -> None:
    """Addresses that clients send are gone through in milliseconds, whatever they repeat."""
    begun = time.process_time()
    masked(part * (80_000 // len(part)))
    assert time.process_time() - begun < 0.25


def test_new_keys_are_of_that_form() -> None:
    """However they are made."""
    for _ in range(50):
        text, key = new_key("a")
        assert masked(f"a {text} b") == f"a ts_{key.id}_… b"
