"""The key `viewer` of the catalogue: the viewer's title, colours, and the maps below the data."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import pydantic
from pydantic import AfterValidator, Field, StringConstraints

from tileserver.configmodel import Address, Id, Model
from tileserver.errors import CatalogError

Color = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
LARGEST_LOGO = 200_000  # bytes: it is sent with the configuration
IMAGES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".jpg": "image/jpeg"}
OWN_BASEMAPS = ("offline", "none")


def _tile_address(text: str) -> str:
    """With the placeholders of tiles, and a host without any: the page's policy names it."""
    if not all(part in text for part in ("{z}", "{x}", "{y}")):
        raise ValueError("expected an address of tiles with {z}, {x} and {y}")
    host = urlsplit(text).netloc
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", host):
        raise ValueError("expected a host without placeholders: https://tile.example.org/…")
    return text


class BasemapConfig(Model):
    """An online map below the data: XYZ tiles in Web Mercator."""

    id: Id
    title: Annotated[str, Field(min_length=1, max_length=100)]
    url: Annotated[Address, AfterValidator(_tile_address)]
    attribution: str = ""
    max_zoom: int = Field(19, ge=0, le=30)

    @pydantic.field_validator("id")
    @classmethod
    def _free(cls, name: str) -> str:
        if name in OWN_BASEMAPS:
            raise ValueError("that is the name of one of the viewer's own: choose another")
        return name


class TerrainConfig(Model):
    """The heights in metres that the globe's surface is made of."""

    dataset: Id
    variable: str


class ViewerColors(Model):
    """Of buttons, links and what is chosen: on light and on dark pages."""

    accent: Color | None = None
    accent_dark: Color | None = None


class ViewerConfig(Model):
    """What an operator may change of the viewer."""

    title: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    logo: Annotated[str, Field(max_length=300_000)] | None = None
    colors: ViewerColors = ViewerColors()
    language: Literal["en", "de"] | None = None
    basemaps: Annotated[tuple[BasemapConfig, ...], Field(max_length=20)] = ()
    basemap: str | None = None
    terrain: TerrainConfig | None = None
    welcome: Annotated[str, Field(max_length=2000)] | None = None

    @pydantic.model_validator(mode="after")
    def _known(self) -> Self:
        ids = [each.id for each in self.basemaps]
        if len(set(ids)) < len(ids):
            raise ValueError("two basemaps have one id: rename one")
        known = (*OWN_BASEMAPS, *ids)
        if self.basemap is not None and self.basemap not in known:
            raise ValueError(f"basemap: no such basemap (known: {', '.join(known)})")
        return self

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where its pictures are from, each `https://host`: what the page may load as well."""
        addresses = [each.url for each in self.basemaps]
        addresses += [self.logo] if self.logo and not self.logo.startswith("data:") else []
        parts = [urlsplit(address) for address in addresses]
        return tuple(dict.fromkeys(f"{p.scheme}://{p.netloc}" for p in parts))

    def with_logo(self, folder: Path | None) -> ViewerConfig:
        """With a logo that is a file in the catalogue's folder put into the configuration.

        Raises CatalogError naming the remedy; `folder` is None where the catalogue was fetched.
        """
        if self.logo is None or re.match(r"(https?://|data:image/)", self.logo):
            return self
        kind = IMAGES.get(Path(self.logo).suffix.lower())
        if folder is None or kind is None:
            known = ", ".join(IMAGES)
            raise CatalogError(
                f"viewer.logo: {self.logo!r}: expected an https address, or a file beside the "
                f"catalogue ({known})"
            )
        try:
            data = (folder / self.logo).read_bytes()
        except OSError as error:
            raise CatalogError(
                f"viewer.logo: {self.logo!r} cannot be read ({type(error).__name__})"
            ) from error
        if len(data) > LARGEST_LOGO:
            raise CatalogError(
                f"viewer.logo: {self.logo!r} has {len(data)} bytes: make it {LARGEST_LOGO} at most"
            )
        text = base64.b64encode(data).decode()
        return self.model_copy(update={"logo": f"data:{kind};base64,{text}"})
