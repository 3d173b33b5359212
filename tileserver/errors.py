"""What can go wrong, as one tree; `http/errors.py` turns each into its answer.

    TileserverError                 500
    ├── InvalidParameter            400  a value cannot be used: name, value, remedy
    │   ├── MissingParameter        400
    │   └── UnsupportedMediaType    415
    ├── NotFound                    404
    │   ├── DatasetNotFound  VariableNotFound  DimensionNotFound
    │   ├── ColormapNotFound  MatrixSetNotFound  LocationNotFound
    │   └── TileOutOfRange
    ├── PayloadTooLarge             413  over a limit; says the limit, the estimate and the remedy
    ├── CatalogError                422  a catalogue entry that cannot be used
    ├── Unauthenticated             401  it takes a key or token, or what was shown is none
    ├── Forbidden                   403  the key or token does not open this
    ├── Conflict                    409  what is there stands against it
    ├── PreconditionFailed          412  it was changed since it was read
    ├── PreconditionRequired        428  it has to be said which state is to be changed
    ├── RateLimited                 429  one client asks for more than its share
    ├── NotSupported                501  a protocol has it, this server does not
    ├── Overloaded                  503  too much is asked at once; it may work in a moment
    ├── DeadlineExceeded            504  it took longer than a request may; it may work in a moment
    └── SourceError                 502  a store or file could not be read
        ├── SourceUnavailable       503  it may work in a moment
        │   └── SourceChanged       503  it was written anew since it was opened
        └── DatasetUnavailable      502  the dataset could not be opened

Messages are `name='value': remedy`. They reach clients: no path, key or credential in them.
"""

import json

SHOWN_CHARACTERS = 80


def shown(value: object) -> str:
    """The value as it may stand in a message: on one line and not longer than a few words."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def json_kind(value: object) -> str:
    """What JSON calls a value that was read from it."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return shown(json.dumps(value))


class TileserverError(Exception):
    """The root of all errors that are told to a client."""

    status = 500
    title = "Internal error"


class InvalidParameter(TileserverError):
    """A parameter has a value that cannot be used."""

    status = 400
    title = "Invalid parameter"

    def __init__(self, name: str, value: object, remedy: str) -> None:
        super().__init__(f"{name}={shown(value)!r}: {remedy}")
        self.name = name


class MissingParameter(InvalidParameter):
    """A mandatory parameter is not there."""

    title = "Missing parameter"

    def __init__(self, name: str, remedy: str) -> None:
        TileserverError.__init__(self, f"{name} is missing: {remedy}")
        self.name = name


class UnsupportedMediaType(InvalidParameter):
    """A body has a media type that is not read here."""

    status = 415
    title = "Unsupported media type"


class NotFound(TileserverError):
    """A path names something that is not there."""

    status = 404
    title = "Not found"
    name = "path"

    def __init__(self, value: object, remedy: str) -> None:
        super().__init__(f"{self.name}={shown(value)!r}: {remedy}")


class DatasetNotFound(NotFound):
    """No dataset has this id."""

    name = "dataset"


class LocationNotFound(NotFound):
    """The dataset has no location of this name."""

    name = "location"


class VariableNotFound(NotFound):
    """The dataset has no variable or composite of this id."""

    name = "variable"


class DimensionNotFound(NotFound):
    """The dataset has no dimension of this name."""

    name = "dimension"


class ColormapNotFound(NotFound):
    """No colour table has this name."""

    name = "colormap"


class MatrixSetNotFound(NotFound):
    """No tile matrix set has this id."""

    name = "tms"


class TileOutOfRange(NotFound):
    """The matrix set has no such tile."""

    name = "tile"

    def __init__(self, value: object, remedy: str, axis: str = "TileMatrix") -> None:
        super().__init__(value, remedy)
        self.axis = axis


class PayloadTooLarge(TileserverError):
    """A request asks for, or sends, more than a limit allows."""

    status = 413
    title = "Too large"


class CatalogError(TileserverError):
    """An entry of the catalogue cannot be used."""

    status = 422
    title = "Invalid catalogue"


class Unauthenticated(TileserverError):
    """Nothing was shown that says who asks, or what was shown is not taken."""

    status = 401
    title = "Unauthorized"


class Forbidden(TileserverError):
    """Who asks is known, and may not."""

    status = 403
    title = "Forbidden"


class Conflict(TileserverError):
    """What is there already stands against what is asked."""

    status = 409
    title = "Conflict"


class PreconditionFailed(TileserverError):
    """What is to be changed is no longer what was read."""

    status = 412
    title = "Precondition failed"


class PreconditionRequired(TileserverError):
    """A change has to say which state it changes."""

    status = 428
    title = "Precondition required"


class RateLimited(TileserverError):
    """One client asks for more than its share."""

    status = 429
    title = "Too many requests"


class NotSupported(TileserverError):
    """A protocol has it, but it is not done here."""

    status = 501
    title = "Not supported"


class Overloaded(TileserverError):
    """More is asked than the server can do just now."""

    status = 503
    title = "Overloaded"


class DeadlineExceeded(TileserverError):
    """The answer took longer than a request may."""

    status = 504
    title = "Deadline exceeded"


class SourceError(TileserverError):
    """A store or file could not be read or decoded."""

    status = 502
    title = "Source cannot be read"


class SourceUnavailable(SourceError):
    """A store did not answer in time; trying again may help."""

    status = 503
    title = "Source unavailable"


class SourceChanged(SourceUnavailable):
    """What is read is not of the state of the store that was opened; it is opened anew."""


class DatasetUnavailable(SourceError):
    """The dataset is listed but could not be opened."""

    title = "Dataset unavailable"
