"""Attributes and the names of dimensions of HDF5 objects, as NetCDF-4 means them.

See "The NetCDF-4 File Format" (netCDF Users Guide, appendix C), and the HDF5 Dimension Scale
Specification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import h5py

# What the libraries keep for themselves.
OWN = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_NCProperties", "_Netcdf4Dimid",
       "_Netcdf4Coordinates", "_nc3_strict", "_NCCOPY"}  # fmt: skip
LARGEST_ATTRIBUTE_NBYTES = 1 << 20
SCALE = b"DIMENSION_SCALE"


def attributes_of(node: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """Those that JSON can hold, single values without a list around them."""
    found = {}
    for name in node.attrs:
        if name in OWN:
            continue
        try:
            if node.attrs.get_id(name).get_storage_size() > LARGEST_ATTRIBUTE_NBYTES:
                continue
            found[name] = _plain(node.attrs[name])
        except (OSError, TypeError, ValueError, KeyError, RuntimeError):
            continue  # of a type that Python has not, such as references
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "iufbSUO":
        raise TypeError(f"{array.dtype} is no JSON")
    parts = [_item(each) for each in array.reshape(-1).tolist()]
    return parts[0] if len(parts) == 1 else parts


def _item(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if not isinstance(value, str | int | float):
        raise TypeError(f"{type(value)} is no JSON")
    return value


def dims_of(node: h5py.Dataset) -> list[str | None]:
    """The name of each dimension, None where it has none."""
    count = len(node.shape)
    numbers = node.attrs.get("_Netcdf4Coordinates")
    if node.attrs.get("CLASS") == SCALE and "DIMENSION_LIST" not in node.attrs:
        if count == 1:
            return [_base(node.name)]
        if numbers is not None and len(numbers) == count:
            return _by_number(node, numbers)
    if "DIMENSION_LIST" not in node.attrs:
        return [None] * count
    return [_base(dim[0].name) if len(dim) else None for dim in node.dims]


def _by_number(node: h5py.Dataset, numbers: Any) -> list[str | None]:
    """Of coordinates of several dimensions, by the numbers that netCDF gives to dimensions.

    Those of a scale that is a coordinate of several dimensions itself count for its first.
    """
    import h5py  # an extra, and only of this process

    names: dict[int, str | None] = {}
    group = node.parent
    while True:
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            number = group[name].attrs.get("_Netcdf4Dimid")
            if number is not None:
                names.setdefault(int(number), name)
        if group.name == "/":
            return [names.get(int(number)) for number in numbers]
        group = group.parent


def _base(name: str | None) -> str | None:
    return None if name is None else name.rpartition("/")[2]
