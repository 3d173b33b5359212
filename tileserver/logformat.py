"""Lines of the log: as text for people, or as JSON for what collects them; never with secrets."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from uvicorn.config import LOGGING_CONFIG
from uvicorn.logging import DefaultFormatter

from tileserver.secrecy import masked
from tileserver.trail import TRAIL

Format = Literal["text", "json"]
FIELDS = "fields"  # of a record: what it says beside its message, as JSON
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class TextFormatter(DefaultFormatter):
    """As uvicorn writes it, with the request that it is about."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and those of a traceback."""
        text, trail = super().format(record), TRAIL.get()
        if trail is not None and not hasattr(record, FIELDS):
            first, newline, rest = text.partition("\n")
            text = f"{first} [{trail.id}]{newline}{rest}"
        return masked(text)


class JsonFormatter(logging.Formatter):
    """An object a line: when, how grave, who says what, of which request, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever happened."""
        when = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, Any] = {
            "time": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (trail := TRAIL.get()) is not None:
            told["request_id"] = trail.id
            if trail.trace:
                told["trace_id"] = trail.trace
        told |= getattr(record, FIELDS, None) or _extra(record)
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return masked(orjson.dumps(told, default=str, option=orjson.OPT_NON_STR_KEYS).decode())


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """What a call of the log was given by `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _PLAIN}


def configuration(level: str, form: Format) -> dict[str, Any]:
    """For `logging.config`: ours beside uvicorn's own; each worker configures itself by it."""
    ours = {"handlers": ["default"], "level": level.upper(), "propagate": False}
    # Whether requests are told of is a setting of its own, whatever else is.
    requests = {"handlers": ["default"], "level": "INFO", "propagate": False}
    formatter: dict[str, Any] = {"()": f"{__name__}.JsonFormatter"}
    if form == "text":
        formatter = {**LOGGING_CONFIG["formatters"]["default"], "()": f"{__name__}.TextFormatter"}
    return {
        **LOGGING_CONFIG,
        "formatters": {**LOGGING_CONFIG["formatters"], "default": formatter},
        "loggers": {
            **LOGGING_CONFIG["loggers"],
            "tileserver": ours,
            "tileserver.requests": requests,
        },
        "root": {"handlers": ["default"], "level": "WARNING"},
    }
