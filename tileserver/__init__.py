"""Tiles, WMTS, legends, time series and statistics from Earth-observation data cubes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tileserver.jupyter import serve, show

__all__ = ["serve", "show"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """What notebooks take is imported when it is asked for: it brings the whole server."""
    if name in __all__:
        from tileserver import jupyter

        return getattr(jupyter, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
