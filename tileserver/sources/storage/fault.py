"""The errors of obstore in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    BaseError,
    GenericError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
)

from tileserver.errors import SourceError, SourceUnavailable
from tileserver.sources.storage.egress import ELSEWHERE, NO_TUNNEL, REFUSED

# What keeps a connection from being made, by what obstore tells of it: no address has blanks.
UNREACHED = (
    ("kind: ConnectionRefused", "nothing listens at the store's address"),
    ('"dns error"', "the name of the store's host cannot be resolved"),
    ("error: InvalidCertificate(", "the certificate of the store's host is not trusted"),
    ("error: InvalidMessage(", "the store's host does not speak TLS there: is it http://?"),
)


@contextmanager
def foreign_errors() -> Iterator[None]:
    """The store's errors in our words."""
    try:
        yield
    except (PermissionDeniedError, UnauthenticatedError) as error:
        if refused := REFUSED.search(str(error)):
            raise SourceError(refused[1]) from error
        raise SourceError(
            "access denied: check the storage's credentials, anonymous and requester_pays"
        ) from error
    except (NotSupportedError, NotImplementedError) as error:
        raise SourceError("the store cannot list its objects") from error
    except GenericError as error:
        raise _told(error) from error
    except FileNotFoundError as error:
        raise SourceError("an object is gone: it was there when it was opened") from error
    except (BaseError, OSError, TimeoutError) as error:
        raise SourceUnavailable("the store could not be read: try again") from error


def _told(error: GenericError) -> SourceError:
    text = str(error)
    if NO_TUNNEL in text:
        return SourceError(ELSEWHERE)
    if re.search(r"NoSuchBucket|bucket.*not (found|exist)", text, re.IGNORECASE):
        return SourceError("the bucket does not exist")
    # Not any 401: addresses, ports and durations stand in the text too.
    if re.search(r"\bstatus(?: code)?:? 40[13]\b|AccessDenied|Permission denied", text):
        return SourceError(
            "access denied: check the storage's credentials, anonymous and requester_pays"
        )
    if re.search(r"status code: (405|501)\b", text):  # of plain web servers, asked for a listing
        return SourceError("the store cannot list its objects")
    for sign, trouble in UNREACHED:
        if sign in text:
            return SourceUnavailable(trouble)
    return SourceUnavailable("the store did not answer in time: try again in a moment")
