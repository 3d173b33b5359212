"""Units as they are printed, from the words of UDUNITS that metadata has them in."""

from __future__ import annotations

import re

DIMENSIONLESS = "1"  # of pure numbers in CF, which people do not write
_CELSIUS = re.compile(r"deg(rees?)?_?c(elsius)?|celsius", re.IGNORECASE)
_POWER = re.compile(r"(?<!\S)([A-Za-z]+)(?:\^|\*\*)?(-?\d)(?!\S)")
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def printed(units: str | None) -> str:
    """`degree_Celsius` as °C, `m s-1` as m s⁻¹, "" for none and for pure numbers."""
    if not units or units == DIMENSIONLESS:
        return ""
    if _CELSIUS.fullmatch(units):
        return "°C"
    return _POWER.sub(lambda found: found[1] + found[2].translate(_RAISED), units)
