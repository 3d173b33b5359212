"""Layer definitions of QGIS (.qlr): a layer with all its settings, to be dropped on a map.

What stands in one is what QGIS writes itself, found by having it save layers of ours and open what
is written here, in 3.22 and 3.40:

- The times of WMTS are read from the capabilities, in 3.40 but not yet in 3.22. A `time` among
  `tileDimensions` would fix them, so it is there only where one time is asked for.
- The times of WMS stand in the address of the source, in both.
- WMS takes no other dimension from an address than what its base has in its query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from tileserver.cube import Dimension
from tileserver.grid import is_degrees
from tileserver.services.ogc import named_layer
from tileserver.services.ogc.desktop import DesktopLayer
from tileserver.services.ogc.wms_crs import CRS84
from tileserver.services.ogc.wms_layer import extent
from tileserver.services.ogc.xml import DECLARATION, element, leaf
from tileserver.tms import MatrixSet, projected_bounds

MEDIA_TYPE = "application/x-qgis-layer-definition"
DOCTYPE = "<!DOCTYPE qgis-layer-definition>\n"
Service = Literal["WMTS", "WMS"]
# As QGIS numbers them: times as the source has them; what it asks for of a frame of an animation.
FROM_PROVIDER = "1"
START_OF_FRAME, NEAREST_TO_START = "1", "3"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """Layers of one server, by one of its services.

    Args:
        base_url: of the server, without a slash at its end.
        group: the name of the group that they are put into, the first of them shown; None: no
            group.
    """

    base_url: str
    service: Service
    layers: Sequence[DesktopLayer]
    group: str | None = None

    def write(self) -> bytes:
        """The file."""
        tree = [self._tree_layer(each, shown=i == 0) for i, each in enumerate(self.layers)]
        if self.group is not None:
            tree = [_group(self.group, tree)]
        maps = [self._map_layer(each) for each in self.layers]
        root = element("qlr", [_group("", tree), element("maplayers", maps)])
        return f"{DECLARATION}{DOCTYPE}{root}\n".encode()

    def _tree_layer(self, layer: DesktopLayer, *, shown: bool) -> str:
        named = {
            "id": layer.id,
            "name": layer.title,
            "source": self._source(layer),
            "providerKey": "wms",
            "checked": "Qt::Checked" if shown else "Qt::Unchecked",
            "expanded": "1",
        }
        return element("layer-tree-layer", attributes=named)

    def _map_layer(self, layer: DesktopLayer) -> str:
        dataset, cube = layer.dataset, layer.dataset.source.cube
        abstract = dataset.config.description or cube.description or ""
        attribution = dataset.config.attribution or cube.attribution or ""
        parts = [
            leaf("id", layer.id),
            leaf("datasource", self._source(layer)),
            leaf("layername", layer.title),
            leaf("title", layer.title),
            leaf("abstract", abstract),
            leaf("attribution", attribution),
            leaf("provider", "wms"),
            element("srs", [_crs(layer.tiles)]),
            _extent(layer),
            _metadata(layer, abstract, attribution),
            self._temporal(layer),
            _PIPE,
        ]
        return element("maplayer", parts, {"type": "raster"})

    def _temporal(self, layer: DesktopLayer) -> str:
        handling = NEAREST_TO_START if self.service == "WMTS" else START_OF_FRAME
        enabled = "1" if layer.times else "0"
        settings = {"enabled": enabled, "mode": FROM_PROVIDER, "fetchMode": handling}
        return element("temporal", attributes=settings)

    def _source(self, layer: DesktopLayer) -> str:
        """The address of a layer as the provider `wms` of QGIS reads it."""
        return self._wmts(layer) if self.service == "WMTS" else self._wms(layer)

    def _wmts(self, layer: DesktopLayer) -> str:
        address = f"{self.base_url}/wmts/{layer.dataset.id}?SERVICE=WMTS&REQUEST=GetCapabilities"
        # The others are written out, so that they can be changed in the layer's properties.
        fixed = {**layer.dims, **layer.defaults}
        dims = ";".join(f"{name}={label}" for name, label in fixed.items())
        return _encoded(
            {
                **_common(layer, crs_name(layer.tiles)),
                **({"tileDimensions": dims} if dims else {}),
                "tileMatrixSet": layer.tiles.id,
                "url": address,
            }
        )

    def _wms(self, layer: DesktopLayer) -> str:
        fixed = {(k if k == "time" else f"dim_{k}"): label for k, label in layer.dims.items()}
        address = f"{self.base_url}/wms/{layer.dataset.id}"
        told = {"IgnoreGetFeatureInfoUrl": "1", "IgnoreGetMapUrl": "1"} if fixed else {}
        times = _temporal_source(layer.times) if layer.times else {}
        url = f"{address}?{_encoded(fixed)}" if fixed else address
        common = _common(layer, CRS84 if is_degrees(layer.tiles.crs) else crs_name(layer.tiles))
        return _encoded({**told, **times, **common, "contextualWMSLegend": "0", "url": url})


def _common(layer: DesktopLayer, crs: str) -> dict[str, str]:
    return {
        "crs": crs,
        "dpiMode": "7",
        "featureCount": "10",
        "format": "image/png",
        "layers": layer.id,
        "styles": layer.style,
    }


def _temporal_source(times: Dimension) -> dict[str, str]:
    return {
        "allowTemporalUpdates": "true",
        "temporalSource": "provider",
        "timeDimensionExtent": extent(times),
        "type": "wmst",
    }


def _encoded(parameters: Mapping[str, str]) -> str:
    # What QGIS leaves as it is when it writes: some of these 3.40 would not decode.
    return urlencode(parameters, quote_via=quote, safe="/:,;?()!*'$@")


def crs_name(tiles: MatrixSet) -> str:
    """The CRS of a matrix set as QGIS makes it of the URN in the capabilities, e.g. EPSG:3857."""
    authority, _, code = tiles.crs_urn.removeprefix("urn:ogc:def:crs:").split(":")
    return f"{authority}:{code}"


def _group(name: str, children: Sequence[str]) -> str:
    shown = {"name": name, "checked": "Qt::Checked", "expanded": "1"}
    return element("layer-tree-group", children, shown)


def _crs(tiles: MatrixSet) -> str:
    parts = [leaf("wkt", tiles.crs.to_wkt()), leaf("authid", crs_name(tiles))]
    return element("spatialrefsys", parts)


def _extent(layer: DesktopLayer) -> str:
    bounds = projected_bounds(layer.tiles, named_layer.layer_bounds(layer.layer))
    names = ("xmin", "ymin", "xmax", "ymax")
    return element("extent", [leaf(k, repr(v)) for k, v in zip(names, bounds, strict=True)])


def _metadata(layer: DesktopLayer, abstract: str, attribution: str) -> str:
    parts = [
        leaf("identifier", layer.id),
        leaf("type", "dataset"),
        leaf("title", layer.title),
        leaf("abstract", abstract),
        leaf("rights", attribution) if attribution else "",
    ]
    return element("resourceMetadata", parts)


_RENDERER = {"type": "singlebandcolordata", "band": "1", "alphaBand": "-1", "opacity": "1"}
_PIPE = element("pipe", [element("rasterrenderer", attributes=_RENDERER)])
