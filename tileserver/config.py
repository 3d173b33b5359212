"""The catalogue's files: what stands in them, checked, with errors that name file, line and key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal, Self, TypeVar

import pydantic
import yaml
from pydantic import AfterValidator, Field

from tileserver.colormap import Colormap
from tileserver.configmodel import Address, Id, Model, Words
from tileserver.configtext import MOST_STYLES, Lines, located, parsed, problems
from tileserver.errors import CatalogError, InvalidParameter, shown
from tileserver.expression import Expression
from tileserver.plan import Resampling
from tileserver.sources.storage.connection import Storage
from tileserver.style import Scale, Style, parse_named
from tileserver.viewerconfig import ViewerConfig

Range = tuple[float, float]
M = TypeVar("M", bound=Model)
Offers = Annotated[tuple[str, ...], Field(max_length=MOST_STYLES)]
Lon = Annotated[float, Field(ge=-180, le=360)]
Lat = Annotated[float, Field(ge=-90, le=90)]
LocationName = Annotated[str, Field(pattern=r"^[^/\x00-\x1f]{1,100}$")]
Location = tuple[Lon, Lat] | tuple[Lon, Lat, Lon, Lat]


class NamedStyleConfig(Model):
    """A style that a request may name; what is left out is as in the layer's own."""

    colormap_name: str | None = None
    rescale: Range | None = None
    scale: Scale | None = None

    @pydantic.field_validator("colormap_name")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        with _told():
            return None if name is None else Colormap.named(name).name

    @pydantic.model_validator(mode="after")
    def _drawable(self) -> Self:
        if self.rescale is not None:
            with _told():
                Style(Colormap.named("viridis"), self.rescale, self.scale or "linear")
        return self


class StyleConfig(NamedStyleConfig):
    """How a variable is drawn where a request does not say.

    Args:
        offers: beside it: style sets by name, and styles such as `viridis` or `viridis:0:7`.
    """

    scale: Scale = "linear"
    resampling: Resampling | None = None
    offers: Offers | None = None


@contextmanager
def _told() -> Iterator[None]:
    """Our errors as pydantic collects them."""
    try:
        yield
    except InvalidParameter as error:
        raise ValueError(str(error)) from None


class CompositeConfig(StyleConfig):
    """A picture made of several variables: three bands, or an expression."""

    title: str | None = None
    units: str | None = None
    bands: tuple[str, str, str] | None = None
    expression: str | None = None

    @pydantic.model_validator(mode="after")
    def _one_of_both(self) -> CompositeConfig:
        if (self.bands is None) == (self.expression is None):
            raise ValueError("expected either bands (three variables) or expression")
        with _told():
            if self.expression is not None:
                Expression.parse(self.expression)
        return self


class AccessConfig(Model):
    """Who may see a dataset; everybody where it is left out.

    Args:
        roles: of which a caller must have one.
        hidden: others are told that there is no such dataset.
    """

    roles: tuple[str, ...]
    hidden: bool = False


def _none_is_default(styles: Mapping[str, NamedStyleConfig]) -> Mapping[str, NamedStyleConfig]:
    if "default" in styles:
        raise ValueError("default is every layer's own style: choose another name")
    return styles


StyleSet = Annotated[
    Mapping[Id, NamedStyleConfig], Field(max_length=MOST_STYLES), AfterValidator(_none_is_default)
]
StyleSets = Mapping[Id, StyleSet]


class DatasetConfig(Model):
    """One entry of `datasets`."""

    id: Id
    url: str | tuple[str, ...]
    title: str | None = None
    description: str | None = None
    attribution: str | None = None
    licence: str | None = Field(None, max_length=400)
    theme: str | None = Field(None, max_length=400)
    keywords: Words = ()
    queryable: bool = True
    storage: str | None = None
    group: str = ""
    crs: str | None = None
    variables: tuple[str, ...] | None = None
    time_pattern: str | None = None
    times: tuple[str, ...] | None = None
    assets: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    branch: str | None = None
    tag: str | None = None
    snapshot: str | None = None
    styles: Mapping[str, StyleConfig] = Field(default_factory=dict)
    composites: Mapping[Id, CompositeConfig] = Field(default_factory=dict)
    style_sets: StyleSets = Field(default_factory=dict)
    offers: Offers | None = None
    access: AccessConfig | None = None
    refresh_s: float | None = Field(None, ge=0)
    optimized: str | Literal[False] | None = None
    locations: Mapping[LocationName, Location] = Field(default_factory=dict)

    @pydantic.field_validator("locations")
    @classmethod
    def _northward(cls, locations: Mapping[str, tuple[float, ...]]) -> Mapping[str, object]:
        if any(len(place) == 4 and not place[1] < place[3] for place in locations.values()):
            raise ValueError("expected lon, lat or west, south, east, north with south < north")
        return locations

    @pydantic.field_validator("theme")
    @classmethod
    def _nested(cls, theme: str | None) -> str | None:
        if theme is not None and not all(part.strip() for part in theme.split("/")):
            raise ValueError("expected names parted by single slashes: Ocean/Surface")
        return theme


class StorageConfig(Model):
    """One entry of `storage`."""

    endpoint: str | None = None
    region: str | None = None
    credentials: str | None = None
    anonymous: bool = False
    allow_http: bool = False
    allow_private: bool = False
    path_style: bool = True
    requester_pays: bool = False
    connections: int = Field(64, ge=1, le=1024)
    requests_per_minute: int | None = Field(None, ge=1)
    bytes_per_s: float | None = Field(None, gt=0)
    timeout_s: float = Field(10.0, gt=0, le=600)

    def resolve(self, name: str, environment: Mapping[str, str]) -> Storage:
        """With credentials from the environment: `env:CDSE_` names CDSE_ACCESS_KEY_ID and
        CDSE_SECRET_ACCESS_KEY. Raises CatalogError."""
        settings = self.model_dump(exclude={"credentials"})
        if self.credentials is None:
            return Storage(**settings)
        kind, _, prefix = self.credentials.partition(":")
        if kind != "env" or not prefix:
            raise CatalogError(f"storage.{name}.credentials: expected env:PREFIX_")
        keys = {f"{prefix}ACCESS_KEY_ID", f"{prefix}SECRET_ACCESS_KEY"}
        if lacking := sorted(keys - environment.keys()):
            raise CatalogError(
                f"storage.{name}.credentials: {' and '.join(lacking)} not set in the environment"
            )
        return Storage(
            access_key_id=environment[f"{prefix}ACCESS_KEY_ID"],
            secret_access_key=environment[f"{prefix}SECRET_ACCESS_KEY"],
            session_token=environment.get(f"{prefix}SESSION_TOKEN"),
            **settings,
        )


class MatrixSetConfig(Model):
    """One entry of `matrix_sets`: an OGC document by its URL, or a CRS and an extent in it."""

    id: Id
    url: str | None = None
    title: str | None = None
    crs: str | None = None
    extent: tuple[float, float, float, float] | None = None
    tile_size: int = 256
    max_zoom: int = Field(24, ge=0, le=30)
    cell_sizes: tuple[float, ...] | None = None

    @pydantic.model_validator(mode="after")
    def _one_of_both(self) -> Self:
        own = self.crs is not None and self.extent is not None
        if own == (self.url is not None):
            raise ValueError("expected either url, or crs and extent")
        return self


class ContactConfig(Model):
    """Whom to ask, as the OGC's documents tell it."""

    name: str | None = None
    organization: str | None = None
    position: str | None = None
    phone: str | None = None
    email: str | None = None
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None
    url: Address | None = None
    hours: str | None = None
    instructions: str | None = None


class ServiceConfig(Model):
    """What capabilities say of the service."""

    title: Annotated[str, Field(min_length=1)] = "Data cubes"
    abstract: str = "Tiles of Earth-observation data cubes"
    keywords: Words = ()
    provider: str | None = None
    provider_url: Address | None = None
    contact: ContactConfig | None = None
    fees: str | None = None
    access_constraints: str | None = None


class CatalogConfig(Model):
    """A catalogue file."""

    service: ServiceConfig = ServiceConfig()
    viewer: ViewerConfig = ViewerConfig()
    storage: Mapping[str, StorageConfig] = Field(default_factory=dict)
    style_sets: StyleSets = Field(default_factory=dict)
    offers: Offers = ()
    datasets: tuple[DatasetConfig, ...] = ()
    matrix_sets: tuple[MatrixSetConfig, ...] = ()


def read_config(name: str, text: str) -> CatalogConfig:
    """A YAML or JSON catalogue. Raises CatalogError naming file, line, key and remedy."""
    lines = Lines(text)
    try:
        content = parsed(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise CatalogError(f"{name}{line}: {problem}") from error
    try:
        config = CatalogConfig.model_validate(content or {})
    except pydantic.ValidationError as error:
        raise CatalogError(located(name, lines, error)) from error
    _check_names(name, lines, config)
    datasets = tuple(_with_styles(dataset, config) for dataset in config.datasets)
    for number, dataset in enumerate(datasets):
        _check_offers(name, lines, number, dataset)
    return config.model_copy(update={"datasets": datasets})


def together(configs: Sequence[CatalogConfig]) -> CatalogConfig:
    """What a dataset that stands in none of some files may name: all storages, style sets and
    offers of them."""
    return CatalogConfig(
        storage={k: v for each in configs for k, v in each.storage.items()},
        style_sets={k: v for each in configs for k, v in each.style_sets.items()},
        offers=tuple(dict.fromkeys(offer for each in configs for offer in each.offers)),
    )


def read_dataset(document: Mapping[str, object], known: CatalogConfig) -> DatasetConfig:
    """An entry that stands by itself, in the words of the files. Raises CatalogError.

    Args:
        known: what it may name.
    """
    dataset = read_model(DatasetConfig, document)
    if dataset.storage is not None and dataset.storage not in known.storage:
        listed = ", ".join(known.storage) or "none"
        raise CatalogError(f"storage: no storage {shown(dataset.storage)!r} (known: {listed})")
    dataset = _with_styles(dataset, known)
    for place, remedy in _wrong_offers(dataset):
        raise CatalogError(f"{'.'.join(place)}: {remedy}")
    return dataset


def read_model(kind: type[M], document: Mapping[str, object]) -> M:
    """What stands in a document that was read already. Raises CatalogError."""
    try:
        return kind.model_validate(document)
    except pydantic.ValidationError as error:
        told = (f"{key}: {remedy}" for key, _, remedy in problems(error))
        raise CatalogError("; ".join(told)) from error


def _with_styles(dataset: DatasetConfig, config: CatalogConfig) -> DatasetConfig:
    """With the style sets that it offers, its own or the file's, and what the file offers."""
    offers = config.offers if dataset.offers is None else dataset.offers
    wanted = {*offers, *(text for each in _styles(dataset).values() for text in each.offers or ())}
    shared = {name: styles for name, styles in config.style_sets.items() if name in wanted}
    return dataset.model_copy(
        update={"offers": offers, "style_sets": {**shared, **dataset.style_sets}}
    )


def _styles(dataset: DatasetConfig) -> dict[str, StyleConfig]:
    return {**dataset.styles, **dataset.composites}


def _check_offers(name: str, lines: Lines, number: int, dataset: DatasetConfig) -> None:
    """Each offer is a set that is there, or a style. Raises CatalogError."""
    for place, remedy in _wrong_offers(dataset):
        location: list[int | str] = ["datasets", number, *place]
        raise CatalogError(f"{name}:{lines.of(location)}: {'.'.join(map(str, location))}: {remedy}")


def _wrong_offers(dataset: DatasetConfig) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where offers stand that are neither a set nor a style, and what to do."""
    places: dict[tuple[str, ...], tuple[str, ...] | None] = {("offers",): dataset.offers}
    for part, found in (("styles", dataset.styles), ("composites", dataset.composites)):
        places |= {(part, key, "offers"): style.offers for key, style in found.items()}
    for place, offers in places.items():
        for text in offers or ():
            if text not in dataset.style_sets and not _is_style(text):
                known = ", ".join(dataset.style_sets) or "none"
                yield (
                    place,
                    (
                        f"{shown(text)!r}: expected a style set (known: {known}), or a colormap, "
                        "maybe with a range: viridis:0:7"
                    ),
                )


def _is_style(text: str) -> bool:
    try:
        parse_named(text)
    except InvalidParameter:
        return False
    return True


def _check_names(name: str, lines: Lines, config: CatalogConfig) -> None:
    seen: set[str] = set()
    for number, dataset in enumerate(config.datasets):
        if dataset.id in seen:
            line = lines.of(["datasets", number])
            raise CatalogError(f"{name}:{line}: datasets.{number}.id: {dataset.id} is there twice")
        seen.add(dataset.id)
        if dataset.storage is not None and dataset.storage not in config.storage:
            known = ", ".join(config.storage) or "none"
            line = lines.of(["datasets", number])
            raise CatalogError(
                f"{name}:{line}: datasets.{number}.storage: no storage {dataset.storage!r} "
                f"(known: {known})"
            )
