"""A small WMTS document's parts, for the tests."""

import numpy as np

from tileserver.config import ServiceConfig
from tileserver.cube import Dimension
from tileserver.matrixset import matrix_set
from tileserver.services.ogc.layer_info import LayerInfo, StyleInfo
from tileserver.services.ogc.wmts_service import Service
from tileserver.timeaxis import TimeAxis

DAY_S = 86400.0

SERVICE = Service(
    told=ServiceConfig(title="Cubes <& more>"),
    base_url="https://maps.example/a",
    path="/wmts",
    update_sequence="7",
)
MATRIX_SETS = tuple(map(matrix_set, ("WebMercatorQuad", "WorldCRS84Quad", "WGS1984Quad")))


def time_dimension(count: int = 3, step_s: float = DAY_S) -> Dimension:
    return Dimension("time", TimeAxis(np.arange(count) * step_s))


def depth_dimension() -> Dimension:
    return Dimension("depth", np.array([0.5, 10.0, 100.0]), units="m", title="Depth")


def layer(*dimensions: Dimension, queryable: bool = True) -> LayerInfo:
    return LayerInfo(
        id="ocean.sst",
        dataset="ocean",
        title="Sea surface <temperature>",
        abstract="By & for oceanographers",
        bbox=(0.0, -80.0, 180.0, 80.0),
        styles=(
            StyleInfo("sst", (260, 48)),
            StyleInfo("viridis:0:7"),
        ),
        dimensions=dimensions,
        matrix_sets=MATRIX_SETS,
        native_zooms=(5, 4, 4),
        queryable=queryable,
    )
