"""Files of NetCDF's classic format with 64-bit offsets, as its specification lays them out.

Every library of NetCDF reads them, and none is needed to write them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

MAGIC = b"CDF\x02"
DIMENSION, VARIABLE, ATTRIBUTE, ABSENT = 10, 11, 12, bytes(8)
CHAR = 2
# Of the format: by numpy's kinds as they lie in a file, with the most significant byte first.
TYPES = {"S1": CHAR, ">i4": 4, ">f4": 5, ">f8": 6}
Attribute = str | float | int | np.floating


@dataclass(frozen=True, slots=True, eq=False)
class Variable:
    """A variable of a file.

    Args:
        values: 32-bit integers, 32-bit or 64-bit floats; one value for each of `dims`' cells.
    """

    dims: tuple[str, ...]
    values: npt.NDArray[np.generic]
    attrs: Mapping[str, Attribute] = field(default_factory=dict)


def write(
    dims: Mapping[str, int], variables: Mapping[str, Variable], attrs: Mapping[str, Attribute]
) -> bytes:
    """A whole file."""
    stored = {name: _stored(variable.values) for name, variable in variables.items()}
    sizes = [len(each) + -len(each) % 4 for each in stored.values()]
    # Offsets are of one length, so the header's length is known before they are.
    start = len(_header(dims, variables, attrs, [0] * len(stored), sizes))
    offsets = [start + sum(sizes[:number]) for number in range(len(sizes))]
    head = _header(dims, variables, attrs, offsets, sizes)
    return head + b"".join(each + bytes(-len(each) % 4) for each in stored.values())


def _stored(values: npt.NDArray[np.generic]) -> bytes:
    return np.asarray(values, values.dtype.newbyteorder(">")).tobytes()


def _header(
    dims: Mapping[str, int],
    variables: Mapping[str, Variable],
    attrs: Mapping[str, Attribute],
    offsets: Sequence[int],
    sizes: Sequence[int],
) -> bytes:
    numbers = {name: number for number, name in enumerate(dims)}
    dimensions = [_name(name) + struct.pack(">I", size) for name, size in dims.items()]
    told = []
    places = zip(variables.items(), offsets, sizes, strict=True)
    for (name, variable), offset, size in places:
        kind = TYPES[variable.values.dtype.newbyteorder(">").str]
        ids = [numbers[dim] for dim in variable.dims]
        told.append(
            _name(name)
            + struct.pack(f">I{len(ids)}I", len(ids), *ids)
            + _attributes(variable.attrs)
            # A size that 32 bits do not hold is told by the dimensions alone.
            + struct.pack(">IIQ", kind, min(size, 2**32 - 1), offset)
        )
    records = bytes(4)
    return (
        MAGIC + records + _list(DIMENSION, dimensions) + _attributes(attrs) + _list(VARIABLE, told)
    )


def _list(tag: int, items: Sequence[bytes]) -> bytes:
    if not items:
        return ABSENT
    return struct.pack(">II", tag, len(items)) + b"".join(items)


def _attributes(attrs: Mapping[str, Attribute]) -> bytes:
    items = []
    for name, value in attrs.items():
        if isinstance(value, str):
            text = value.encode()
            items.append(_name(name) + struct.pack(">II", CHAR, len(text)) + _padded(text))
        else:
            kind = TYPES[np.asarray(value, _type(value)).dtype.str]
            number = np.asarray(value, _type(value)).tobytes()
            items.append(_name(name) + struct.pack(">II", kind, 1) + number)
    return _list(ATTRIBUTE, items)


def _type(value: float | np.floating) -> str:
    """Of a number of Python the widest there is, of one of numpy its own."""
    if isinstance(value, np.float32):
        return ">f4"
    return ">i4" if isinstance(value, int) else ">f8"


def _name(name: str) -> bytes:
    text = name.encode()
    return struct.pack(">I", len(text)) + _padded(text)


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 4)
