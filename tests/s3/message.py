"""What comes in, what goes out, and the error that S3 clients understand."""

from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.sax.saxutils import escape


class S3Error(Exception):
    """An answer with an S3 error document."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def answer(self) -> "Answer":
        children = text("Code", self.code), text("Message", self.message)
        return xml_answer("Error", *children, status=self.status)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `path` still percent-encoded, `query` decoded, `headers` in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    body: bytes

    @property
    def bucket(self) -> str:
        return unquote(self.path).lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        return unquote(self.path)[1:].partition("/")[2]

    def param(self, name: str) -> str | None:
        """The first value of a query parameter; an empty string for a bare name."""
        return next((value for key, value in self.query if key == name), None)


def parse_query(text: str) -> tuple[tuple[str, str], ...]:
    """Decode a query string; `+` stays a plus, as in the signature's rules."""
    pairs = (part.partition("=") for part in text.split("&") if part)
    return tuple((unquote(name), unquote(value)) for name, _, value in pairs)


def text(name: str, content: object) -> str:
    """An XML element that holds text."""
    return f"<{name}>{escape(str(content))}</{name}>"


def element(name: str, *children: str) -> str:
    """An XML element that holds elements."""
    return f"<{name}>{''.join(children)}</{name}>"


def xml_answer(name: str, *children: str, status: int = 200) -> "Answer":
    body = f'<?xml version="1.0" encoding="UTF-8"?>{element(name, *children)}'
    return Answer(status, {"content-type": "application/xml"}, body.encode())
