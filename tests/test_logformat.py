"""Lines of the log in both formats."""

import json
import logging
from collections.abc import Iterator

import pytest

from tileserver.logformat import FIELDS, JsonFormatter, TextFormatter
from tileserver.trail import TRAIL, Trail


@pytest.fixture
def asked() -> Iterator[None]:
    """While a request is worked on."""
    before = TRAIL.set(Trail("abc-1", trace="0af7"))
    yield
    TRAIL.reset(before)


def failed(message: str, *args: object, **extra: object) -> logging.LogRecord:
    """A line about an exception that has a secret in it."""
    logger = logging.getLogger("tileserver.test")
    try:
        raise ValueError("cannot open https://anna:geheim@host/x")
    except ValueError as error:
        about = (ValueError, error, error.__traceback__)
        return logger.makeRecord(
            logger.name, logging.ERROR, "f", 1, message, args, about, extra=extra or None
        )


def said(message: str, *args: object, **extra: object) -> logging.LogRecord:
    """A plain line."""
    logger = logging.getLogger("tileserver.test")
    return logger.makeRecord(
        logger.name, logging.WARNING, "f", 1, message, args, None, extra=extra or None
    )


def test_json_is_an_object_a_line() -> None:
    """When, how grave, who says what."""
    line = JsonFormatter().format(said("dataset %s:\n%d", "a", 7, dataset="a"))
    assert "\n" not in line
    told = json.loads(line)
    assert told.pop("time").endswith("Z")
    assert told == {
        "level": "warning",
        "logger": "tileserver.test",
        "message": "dataset a:\n7",
        "dataset": "a",
    }


@pytest.mark.usefixtures("asked")
def test_json_names_the_request() -> None:
    """And its trace, so that both can be found."""
    told = json.loads(JsonFormatter().format(said("slow")))
    assert (told["request_id"], told["trace_id"]) == ("abc-1", "0af7")


def test_json_tells_exceptions() -> None:
    """In the same line, with no secret."""
    line = JsonFormatter().format(failed("it failed"))
    told = json.loads(line)
    assert told["exception"].startswith("Traceback")
    assert "ValueError: cannot open https://…@host/x" in told["exception"]
    assert "geheim" not in line


def test_json_has_the_fields_of_a_line() -> None:
    """They go before what the line says for people."""
    line = JsonFormatter().format(said("for people", **{FIELDS: {"message": "request", "ms": 1}}))
    told = json.loads(line)
    assert (told["message"], told["ms"]) == ("request", 1)


def test_json_stays_json_without_its_secrets() -> None:
    """Whatever stands behind them."""
    for text in ('password=abc"d', "token=a\\", "a\ttoken=b\nc", "/signed/ab\\c", 'x://a"b@c'):
        json.loads(JsonFormatter().format(said(text)))


def test_what_is_no_json_is_told_as_text() -> None:
    """Whatever a call of the log was given."""
    odd = {"what": {1: [object, float("nan")]}, "where": ("a", b"password=geheim")}
    line = JsonFormatter().format(said("odd", **odd))
    told = json.loads(line)
    assert told["what"] == {"1": ["<class 'object'>", None]}
    assert told["where"][0] == "a"
    assert "geheim" not in line


@pytest.mark.usefixtures("asked")
def test_text_names_the_request() -> None:
    """At the end of the first line."""
    text = TextFormatter("%(levelprefix)s %(message)s", use_colors=False).format(failed("a: %d", 1))
    first, second, *_ = text.splitlines()
    assert first == "ERROR:    a: 1 [abc-1]"
    assert second.startswith("Traceback")
    assert "geheim" not in text


def test_text_of_the_server_itself() -> None:
    """No request, no id."""
    formatter = TextFormatter("%(levelprefix)s %(message)s", use_colors=False)
    assert formatter.format(said("it starts")) == "WARNING:  it starts"
