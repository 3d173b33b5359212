"""What a variable says of its numbers, by the CF conventions (1.11, sections 2.5, 3 and 8.1)."""

from __future__ import annotations

from tileserver.cube import Variable
from tileserver.sources.zarr.hierarchy import Document

KEPT = ("standard_name", "comment", "cell_methods", "long_name")  # as the store has them


def fill_value(variable: Variable) -> int | float | None:
    """What stands for a missing number."""
    if variable.packing.missing:
        return variable.packing.missing[0]
    return float("nan") if variable.dtype.kind == "f" else None


def attributes(variable: Variable) -> Document:
    """Name, units, packing, further missing values, the valid range and classes."""
    packing = variable.packing
    found: Document = {
        name: value for name in KEPT if isinstance(value := variable.attrs.get(name), str)
    }
    if variable.title:
        found["long_name"] = variable.title
    if variable.units:
        found["units"] = variable.units
    if not packing.is_plain:
        found |= {"scale_factor": packing.scale, "add_offset": packing.offset}
    if len(packing.missing) > 1:
        found["missing_value"] = list(packing.missing)
    if packing.valid_range is not None:
        found["valid_range"] = list(packing.valid_range)
    if variable.flags:
        found |= _classes(variable)
    return found


def _classes(variable: Variable) -> Document:
    whole = variable.dtype.kind in "iu"
    values = [int(flag.value) if whole else flag.value for flag in variable.flags]
    found: Document = {
        "flag_values": values,
        "flag_meanings": " ".join("_".join(flag.label.split()) for flag in variable.flags),
    }
    if any(flag.mask is not None for flag in variable.flags):
        pairs = zip(variable.flags, values, strict=True)
        found["flag_masks"] = [v if flag.mask is None else flag.mask for flag, v in pairs]
    return found
