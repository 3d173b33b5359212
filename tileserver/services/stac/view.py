"""How layers are looked at: `renders`, links to maps, and legends."""

from __future__ import annotations

from urllib.parse import quote

from tileserver.dataset import Dataset
from tileserver.layer import Layer, layers
from tileserver.services.ogc.named_layer import layer_id
from tileserver.services.stac.vocabulary import JSON, PNG, Json, link, quoted
from tileserver.valuerange import declared_range

DATA = "data"  # the asset that layers are drawn of
SERIES_CSV = "text/csv"


def renders(dataset: Dataset) -> Json:
    """By the extension render, by layer."""
    return {layer.id: _render(dataset, layer) for layer in layers(dataset)}


def _render(dataset: Dataset, layer: Layer) -> Json:
    style = layer.style
    found: Json = {"title": layer.title, "assets": [DATA]}
    known = style.rescale or declared_range(layer)
    if known is not None:
        found["rescale"] = [list(known)] * (3 if layer.bands == 3 else 1)
    if style.colormap_name is not None:
        found["colormap_name"] = style.colormap_name
    if style.resampling is not None:
        found["resampling"] = style.resampling
    if style.scale != "linear":
        found["scale"] = style.scale
    composite = dataset.config.composites.get(layer.id)
    if composite is not None and composite.expression is not None:
        found["expression"] = composite.expression
    else:
        found["bands"] = [variable.id for variable in layer.variables]
    return found


def map_links(dataset: Dataset, base: str, time: str | None) -> list[Json]:
    """Where maps of the layers are, by web-map-links: XYZ, TileJSON, WMTS, WMS.

    Args:
        time: the step that they show, as templates of XYZ have no place for one.
    """
    found: list[Json] = []
    told = f"?time={quote(time, safe=':')}" if time else ""
    known = {"time": time} if time else {}
    for layer in layers(dataset):
        tiles = f"{base}/tiles/{dataset.id}/{quoted(layer.id)}"
        shown = {"title": layer.title, "render": layer.id}
        found += [
            link("xyz", f"{tiles}/{{z}}/{{x}}/{{y}}.png{told}", PNG, **shown),
            link("tilejson", f"{tiles}/tilejson.json{told}", JSON, **shown),
        ]
    names = [layer_id(dataset, layer) for layer in layers(dataset)]
    wmts = {"wmts:layer": names} | ({"wmts:dimensions": known} if known else {})
    wms = {"wms:layers": names, "wms:transparent": True}
    wms |= {"wms:dimensions": known} if known else {}
    return [
        *found,
        link(
            "wmts",
            f"{base}/wmts/{dataset.id}/1.0.0/WMTSCapabilities.xml",
            PNG,
            title=f"{dataset.title}: WMTS",
            **wmts,
        ),
        link("wms", f"{base}/wms/{dataset.id}", PNG, title=f"{dataset.title}: WMS", **wms),
    ]


def service_links(dataset: Dataset, base: str) -> list[Json]:
    """Time series, as eodash plugs them in: `{{bbox}}` is filled in by it."""
    if dataset.source.cube.time is None:
        return []
    return [
        link(
            "service",
            f"{base}/timeseries/{dataset.id}/{quoted(layer.id)}"
            "?bbox={{bbox}}&aggregate=mean,std,min,max&f=csv",
            SERIES_CSV,
            title=f"{layer.title}: time series of an area",
            id=layer.id,
        )
        for layer in layers(dataset)
        if layer.bands == 1
    ]


def legends(dataset: Dataset, base: str) -> Json:
    """Assets with the role legend, one for each layer."""
    return {
        f"legend-{layer.id}": {
            "href": f"{base}/legend/{dataset.id}/{quoted(layer.id)}.png",
            "type": PNG,
            "title": f"Legend: {layer.title}",
            "roles": ["legend"],
        }
        for layer in layers(dataset)
        if layer.bands == 1
    }
