"""titiler.core's routes, made by its factories for datasets of the catalogue."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any, Literal

import attr
from fastapi import APIRouter, Depends, FastAPI, Path, Query
from fastapi.exceptions import RequestValidationError
from morecantile import TileMatrixSet
from morecantile.defaults import TileMatrixSets, default_tms
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rio_tiler.constants import WGS84_CRS
from rio_tiler.errors import RioTilerError
from rio_tiler.utils import CRS_to_uri
from starlette.exceptions import HTTPException
from starlette.requests import Request
from titiler.core.dependencies import CRSParams, DefaultDependency
from titiler.core.factory import AlgorithmFactory, ColorMapFactory, TilerFactory, TMSFactory

from tileserver.http.endpoint import context
from tileserver.http.titiler import errors
from tileserver.http.titiler.sizes import most_pixels
from tileserver.matrixset import IDS
from tileserver.services.titiler.bands import Bands, parse_steps, resolve
from tileserver.services.titiler.picture import picture
from tileserver.services.titiler.reader import CubeReader, Opened

# titiler.core writes CRSs down as PROJ strings too, and asks morecantile for tiles at the poles:
# operators can do nothing about it.
warnings.filterwarnings("ignore", "You will likely lose important projection", UserWarning)
warnings.filterwarnings("ignore", "Point .* is outside TMS bounds")
PREFIX = "/titiler"
DATASETS, COG = f"{PREFIX}/datasets/{{dataset}}", f"{PREFIX}/cog"


@dataclass
class Asked(DefaultDependency):
    """What of a dataset is asked for, in the words of titiler.xarray."""

    variable: Annotated[
        list[str] | None,
        Query(description="Variables, or a composite, that become the bands; by default all."),
    ] = None
    sel: Annotated[list[str] | None, Query(description="A step of a dimension: depth=10.")] = None
    time: Annotated[str | None, Query(description="An instant or date (ISO 8601) or `latest`.")] = (
        None
    )
    sel_method: Annotated[
        Literal["nearest", "exact"] | None,
        Query(description="Whether the nearest step will do, or only the very one."),
    ] = None


def _opened(request: Request, dataset: str, asked: Asked) -> Opened:
    """The bands that a request names, as far as the caller may see them."""
    state = context(request)
    found, named = resolve(state.catalog, dataset)
    steps = parse_steps(asked.sel or (), tuple(found.source.cube.dimensions))
    if asked.time is not None:
        steps["time"] = asked.time
    bands = Bands.of(found, asked.variable or named, steps, asked.sel_method or "nearest")
    names = request.query_params.keys()
    is_chosen = bool(named or names & {"variable", "bidx", "expression"})
    return Opened(
        bands,
        state.engine,
        most_pixels(request, state.map_pixels),
        monotonic() + state.answer_s,
        is_plain="algorithm" not in names,
        is_chosen=is_chosen,
    )


def _by_path(
    request: Request,
    dataset: Annotated[str, Path(description="A dataset's id, of /datasets.")],
    asked: Annotated[Asked, Depends()],
) -> Opened:
    return _opened(request, dataset, asked)


def _by_url(
    request: Request,
    url: Annotated[str, Query(description="A dataset's id, or {dataset}.{variable}.")],
    asked: Annotated[Asked, Depends()],
) -> Opened:
    return _opened(request, url, asked)


class _Sets(TileMatrixSets):
    """Those that are asked for over and over, not a copy each time."""

    def get(self, identifier: str) -> TileMatrixSet:
        """One of them. Raises InvalidIdentifier."""
        known = self.tilematrixsets.get(identifier)
        return known if isinstance(known, TileMatrixSet) else super().get(identifier)


def _at_once(name: str, made: Any) -> Callable[..., Any]:
    """What reads parameters, without a thread for each of a dozen that an endpoint has."""

    async def read(**given: Any) -> Any:
        return made(**given)

    read.__name__ = name
    read.__signature__ = inspect.signature(made)  # type: ignore[attr-defined]
    return read


READING: dict[str, Any] = {
    each.name: _at_once(each.name, each.default)
    for each in attr.fields(TilerFactory)
    if each.name.endswith("_dependency")
}
SETS = _Sets({name: found for name, found in default_tms.items() if name in IDS})


HANDLERS: dict[int | type[Exception], Any] = {
    RequestValidationError: errors.invalid,
    HTTPException: errors.refused,
    RioTilerError: errors.unread,
    RasterioError: errors.unread,
    **dict.fromkeys(errors.UNFORESEEN, errors.unread),
}


def _make() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, exception_handlers=HANDLERS)
    for prefix, dependency in ((DATASETS, _by_path), (COG, _by_url)):
        made = TilerFactory(
            reader=CubeReader,
            router=APIRouter(),
            **{**READING, "path_dependency": _at_once("path", dependency)},
            supported_tms=SETS,
            router_prefix=prefix,
            render_func=picture,
        )
        _add_bounds(made)
        app.include_router(made.router, prefix=prefix)
    for factory in (TMSFactory(supported_tms=SETS), AlgorithmFactory(), ColorMapFactory()):
        app.include_router(factory.router, prefix=PREFIX)
    return app


def _add_bounds(made: TilerFactory) -> None:
    """What clients of earlier releases ask for."""

    # As defaults: annotations that are texts cannot name what is known in here alone.
    def bounds(
        opened: Opened = Depends(made.path_dependency),  # noqa: B008
        crs: CRS | None = Depends(CRSParams),  # noqa: B008
    ) -> dict[str, object]:
        found = CubeReader(opened).get_geographic_bounds(crs or WGS84_CRS)
        return {"bounds": found, "crs": CRS_to_uri(crs or WGS84_CRS)}

    made.router.get("/bounds", summary="Bounds")(bounds)


APP = _make()
