"""A dataset: its entry in the catalogue, and what it is once its source is open."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Any, Literal

from tileserver.access.caller import Caller
from tileserver.config import CompositeConfig, DatasetConfig
from tileserver.cost import Limits, Speed
from tileserver.cube import Cube, Render, Variable
from tileserver.errors import CatalogError
from tileserver.expression import Expression
from tileserver.matrixset import MatrixSets
from tileserver.sources.opening import Origin
from tileserver.sources.source import Source
from tileserver.sources.storage.traffic import Traffic

COLORS = ("red", "green", "blue")
PICTURE = "rgb"  # what is offered of them


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A dataset that is open.

    `version` changes with its data, its metadata and its entry in the catalogue: it is part of
    every ETag and cache key.

    Args:
        limits: of what a request may read of it.
        traffic: to and from its storage.
    """

    config: DatasetConfig
    source: Source
    version: str
    matrix_sets: MatrixSets = field(default_factory=MatrixSets)
    limits: Limits = field(default_factory=Limits)
    traffic: Traffic | None = None

    @property
    def speed(self) -> Speed:
        """How fast its storage answers."""
        return Speed() if self.traffic is None else self.traffic.speed

    @property
    def id(self) -> str:
        """As in URLs."""
        return self.config.id

    @property
    def title(self) -> str:
        """For people."""
        return self.config.title or self.source.cube.title or self.config.id

    @property
    def variables(self) -> list[Variable]:
        """Those that are shown: the catalogue's choice, or all."""
        known = self.source.cube.variables
        return [known[name] for name in self.config.variables or known]


Status = Literal["pending", "ready", "error"]


@dataclass(slots=True, eq=False)
class Entry:
    """A dataset of the catalogue, open or not.

    Args:
        error: why it is not open.
        usable: whether its entry in the catalogue is sound, so that it may be opened at all.
        opening: the first time, while it goes on and after.
        generation: moved to open it anew where its metadata may not tell; a part of its version.
        trouble: why it could not be looked at, or opened anew, when that was tried last.
        used: when it was asked for last, by a count of all that were.
        tried: when it was opened last, by monotonic().
        known: what listings tell of it while it is not open.
    """

    config: DatasetConfig
    origin: Origin
    error: str | None = None
    dataset: Dataset | None = None
    opening: asyncio.Future[None] | None = None
    usable: bool = True
    generation: int = 0
    trouble: str | None = None
    used: int = 0
    tried: float = -inf
    known: Mapping[str, Any] | None = None

    @property
    def status(self) -> Status:
        """Whether it can be asked."""
        if self.dataset is not None:
            return "ready"
        return "pending" if self.error is None else "error"

    @property
    def usable_origin(self) -> Origin:
        """Where it comes from. Raises CatalogError if its storage cannot be used."""
        if not self.usable:
            raise CatalogError(self.error or "its storage cannot be used")
        return self.origin

    def is_seen_by(self, caller: Caller) -> bool:
        """Whether somebody may see it: the one place where roles are compared."""
        access = self.config.access
        return access is None or caller.may_see(self.config.id, access.roles)

    @property
    def is_hidden(self) -> bool:
        """Whether others than those who may see it are told that it is not there."""
        return self.config.access is not None and self.config.access.hidden


def make_dataset(
    config: DatasetConfig,
    source: Source,
    matrix_sets: MatrixSets | None = None,
    generation: int = 0,
) -> Dataset:
    """A dataset of an open source, its catalogue entry checked against the data."""
    try:
        source.cube.bounds()
    except ValueError as error:
        raise CatalogError(f"crs: {error}; set the dataset's crs in the catalogue") from error
    if source.cube.time is not None and source.cube.time.size == 0:
        raise CatalogError("time: no step has a valid time: write the time coordinate anew")
    content = config.model_dump_json(exclude={"refresh_s"})
    version = digest("|".join((source.version, content, *([str(generation)] * bool(generation)))))
    config = _rendered(_identified(_pictured(config, source.cube), source.cube), source.cube)
    return Dataset(config, source, version, matrix_sets or MatrixSets())


def _pictured(config: DatasetConfig, cube: Cube) -> DatasetConfig:
    """With a picture of the bands that a file says are bytes of red, green and blue."""
    bands = [cube.variables.get(name) for name in COLORS]
    are_colors = all(band is not None and band.valid_range == (0, 255) for band in bands)
    if not are_colors or config.variables or config.composites or PICTURE in cube.variables:
        return config
    picture = CompositeConfig(bands=COLORS, title="Red, green, blue")
    return config.model_copy(update={"composites": {PICTURE: picture}})


def _rendered(config: DatasetConfig, cube: Cube) -> DatasetConfig:
    """With styles and composites as the data's publisher has them, where the entry says nothing."""
    for name, render in cube.renders.items():
        with suppress(ValueError, CatalogError):  # of words or variables that are not known here
            own = _identified(_as_entry(name, render, cube), cube)
            styles = {**own.styles, **config.styles}
            composites = {**own.composites, **config.composites}
            config = config.model_copy(update={"styles": styles, "composites": composites})
    return config


def _as_entry(name: str, render: Render, cube: Cube) -> DatasetConfig:
    """A render as an entry would say it. Raises ValueError where none could."""
    told = {
        "colormap_name": render.colormap_name,
        "rescale": render.rescale,
        "scale": render.scale,
        "resampling": render.resampling,
    }
    told = {key: value for key, value in told.items() if value is not None}
    about = {"id": "a", "url": "a"}
    if render.expression is None and len(render.bands) == 1:
        return DatasetConfig.model_validate({**about, "styles": {render.bands[0]: told}})
    if cube.find(name) is not None:
        raise ValueError(f"{name} is a variable already")
    of = {"expression": render.expression} if render.expression else {"bands": render.bands}
    composite = {"title": render.title, **of, **told}
    return DatasetConfig.model_validate({**about, "composites": {name: composite}})


def _identified(config: DatasetConfig, cube: Cube) -> DatasetConfig:
    """An entry that names variables by their ids. Raises CatalogError where it names none."""

    def identify(name: str, where: str) -> str:
        variable = cube.find(name)
        if variable is None:
            raise CatalogError(f"{where}: {cube.no_such(name)}")
        return variable.id

    composites: dict[str, CompositeConfig] = {}
    for name, composite in config.composites.items():
        if name in cube.variables:
            raise CatalogError(f"composites: {name!r} is a variable already: choose another name")
        known = partial(identify, where=f"composites.{name}")
        if composite.expression is not None:
            Expression.parse(composite.expression, known)
        bands = None if composite.bands is None else tuple(map(known, composite.bands))
        composites[name] = composite.model_copy(update={"bands": bands})
    styles = {
        name if name in composites else identify(name, "styles"): style
        for name, style in config.styles.items()
    }
    shown = None
    if config.variables is not None:
        shown = tuple(identify(name, "variables") for name in config.variables)
    ids = {"composites": composites, "styles": styles, "variables": shown}
    return config.model_copy(update=ids)


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
