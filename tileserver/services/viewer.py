"""The viewer as its operator wants it."""

from __future__ import annotations

from typing import Any

from tileserver.catalog import Catalog


def document(catalog: Catalog) -> dict[str, Any]:
    """The catalogue's `viewer`, with what is not said there at its default."""
    config = catalog.viewer
    shown = config.model_dump(mode="json", exclude={"colors"})
    colors = config.colors.model_dump(exclude_none=True)
    return shown | {"title": config.title or catalog.service.title, "colors": colors}
