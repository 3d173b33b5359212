"""A small WMTS document's parts, for the tests."""

import numpy as np

from tileserver.cube import Dimension
from tileserver.services.wmts import (
    Layer,
    Limit,
    Link,
    Matrix,
    MatrixSet,
    Service,
    StyleInfo,
)
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0

SERVICE = Service(
    title="Cubes <& more>",
    base_url="https://maps.example/a",
    path="/wmts",
    update_sequence="7",
)
CORNER = (-20037508.342789244, 20037508.342789244)
LINK = Link("WebMercatorQuad", (Limit("0", (0, 0), (0, 0)), Limit("1", (0, 1), (1, 1))))
MATRIX_SETS = (
    MatrixSet(
        "WebMercatorQuad",
        "urn:ogc:def:crs:EPSG::3857",
        (
            Matrix(
                "0",
                559082264.0287178,
                (-20037508.342789244, 20037508.342789244),
                (256, 256),
                (1, 1),
            ),
            Matrix(
                "1",
                279541132.0143589,
                (-20037508.342789244, 20037508.342789244),
                (256, 256),
                (2, 2),
            ),
        ),
    ),
    MatrixSet(
        "WorldCRS84Quad",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        (Matrix("0", 279541132.0143589, (-180.0, 90.0), (256, 256), (1, 2)),),
    ),
)


def time_dimension(count: int = 3, step_s: float = DAY_S) -> Dimension:
    return Dimension("time", TimeAxis(np.arange(count) * step_s))


def depth_dimension() -> Dimension:
    return Dimension("depth", np.array([0.5, 10.0, 100.0]), units="m", title="Depth")


def layer(*dimensions: Dimension, queryable: bool = True) -> Layer:
    return Layer(
        id="ocean.sst",
        title="Sea surface <temperature>",
        abstract="By & for oceanographers",
        bbox=(-180.0, -80.0, 180.0, 80.0),
        styles=(
            StyleInfo("sst", "https://maps.example/a/legend.png?a=1&b=2", (260, 48)),
            StyleInfo("viridis"),
        ),
        dimensions=dimensions,
        links=(LINK, Link("WorldCRS84Quad", ())),
        queryable=queryable,
    )
