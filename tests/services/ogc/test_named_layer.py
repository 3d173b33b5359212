import pytest

from tests.services.memory_catalog import catalog, sea, sea_ice, utm
from tileserver.colormap import Colormap
from tileserver.config import DatasetConfig
from tileserver.dataset import Dataset, make_dataset
from tileserver.drawing import StyleChoice
from tileserver.errors import (
    ColormapNotFound,
    DatasetNotFound,
    DatasetUnavailable,
    InvalidParameter,
    MatrixSetNotFound,
    VariableNotFound,
)
from tileserver.layer import Layer, find_layer, layers
from tileserver.services.legend import PICTURE_SIZE
from tileserver.services.ogc import named_layer
from tileserver.services.ogc.layer_info import LayerInfo, layer_infos


def info(dataset: Dataset, name: str) -> LayerInfo:
    return next(each for each in layer_infos(dataset) if each.id == name)


def layer(name: str) -> Layer:
    return find_layer(sea(), name)


def test_every_layer_is_found_by_its_id() -> None:
    """Ids lead back to their layers, where dataset and variable ids hold dots too."""
    known = catalog()
    for dataset in known.ready():
        for each in layers(dataset):
            found = named_layer.find(known, named_layer.layer_id(dataset, each))
            assert (found[0].id, found[1].key) == (dataset.id, each.key)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", DatasetNotFound),
        ("nothing", DatasetNotFound),
        ("nothing.sst", DatasetNotFound),
        ("." * 10_000, DatasetNotFound),
        ("sea._", DatasetNotFound),
        ("sea.salt", VariableNotFound),
        ("sea.ice.salt", VariableNotFound),
        ("broken.x", DatasetUnavailable),
    ],
)
def test_unknown_layers(name: str, error: type[Exception]) -> None:
    """An id that is none is refused, whatever it holds."""
    with pytest.raises(error):
        named_layer.find(catalog(), name)


def test_layer_info() -> None:
    """A layer is told by the catalogue's words, time before other dimensions."""
    sst = info(sea(), "sea.sst")
    assert sst.title == "Sea <test>: Temperature"
    assert sst.abstract == "Made up"
    assert sst.bbox == (-180, -90, 180, 90)
    assert [each.name for each in sst.dimensions] == ["time", "depth"]
    assert [style.id for style in sst.styles] == ["plasma"]
    assert sst.queryable


def test_colour_picture() -> None:
    """A picture of three bands has a style without a colormap, a legend, and values to ask for."""
    flow = info(sea(), "sea.flow")
    assert [style.id for style in flow.styles] == ["default"]
    assert flow.styles[0].legend_size == PICTURE_SIZE
    assert flow.queryable


SETS = {
    "thermal": {
        "warm_sea": {"colormap_name": "inferno", "rescale": [0, 30]},
        "narrow": {"rescale": [10, 20]},
    }
}


def offering(*offers: str) -> Dataset:
    """The sea, all of whose layers offer styles."""
    config = sea().config.model_dump() | {"offers": offers, "style_sets": SETS}
    return make_dataset(DatasetConfig.model_validate(config), sea().source)


def test_offered_styles() -> None:
    """The default comes first, then what sets and single styles offer, each once."""
    dataset = offering("thermal", "viridis", "plasma", "viridis:0:7")
    sst = find_layer(dataset, "sst")
    names = [style.id for style in named_layer.styles(dataset, sst)]
    assert names == ["plasma", "warm_sea", "narrow", "viridis", "viridis:0:7"]
    inferno = StyleChoice(Colormap.named("inferno"), (0, 30))
    assert named_layer.parse_style(dataset, sst, "warm_sea") == inferno
    assert named_layer.parse_style(dataset, sst, "narrow") == StyleChoice(rescale=(10, 20))


def test_offered_to_colour_pictures() -> None:
    """Of a set a picture of three bands takes what names no colormap."""
    dataset = offering("thermal", "viridis")
    names = [each.id for each in named_layer.styles(dataset, find_layer(dataset, "flow"))]
    assert names == ["default", "narrow"]
    with pytest.raises(ColormapNotFound, match="takes no colormap"):
        named_layer.parse_style(dataset, find_layer(dataset, "flow"), "warm_sea")


def test_layers_choose_what_they_offer() -> None:
    """What a layer offers counts instead of what its dataset does, and its sets alone."""
    dataset = offering("thermal")
    config = dataset.config.model_dump()
    config["styles"]["sst"]["offers"] = ("gray",)
    own = make_dataset(DatasetConfig.model_validate(config), sea().source)
    sst = find_layer(own, "sst")
    assert [each.id for each in named_layer.styles(own, sst)] == ["plasma", "gray"]
    with pytest.raises(ColormapNotFound):
        named_layer.parse_style(own, sst, "warm_sea")


def test_style_ids() -> None:
    """A style is called as its colormap, classes as their variable; no id is empty."""
    assert named_layer.style_id(layer("sst")) == "plasma"
    assert named_layer.style_id(layer("kind")) == "kind"
    assert named_layer.style_id(layer("u.o")) == "viridis"


@pytest.mark.parametrize("text", ["plasma", "default", ""])
def test_own_style(text: str) -> None:
    """A layer's own style leaves everything to the catalogue."""
    assert named_layer.parse_style(sea(), layer("sst"), text) == StyleChoice()


def test_other_styles() -> None:
    """Any colormap is a style, and a range may stand behind it."""
    viridis = Colormap.named("viridis")
    assert named_layer.parse_style(sea(), layer("sst"), "viridis") == StyleChoice(viridis)
    assert named_layer.parse_style(sea(), layer("sst"), "viridis:-1:7.5") == StyleChoice(
        viridis, (-1, 7.5)
    )
    assert named_layer.parse_style(sea(), layer("sst"), "plasma:0:7") == StyleChoice(None, (0, 7))


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("sst", "nonesuch", ColormapNotFound),
        ("sst", "../viridis", ColormapNotFound),
        ("sst", "viridis:1", InvalidParameter),
        ("sst", "viridis:7:0", InvalidParameter),
        ("sst", "viridis:nan:inf", InvalidParameter),
        ("flow", "viridis", ColormapNotFound),
    ],
)
def test_unknown_styles(name: str, text: str, error: type[Exception]) -> None:
    """A style that is none is refused."""
    with pytest.raises(error):
        named_layer.parse_style(sea(), layer(name), text)


def test_matrix_sets() -> None:
    """Web Mercator comes first, then the world in degrees, then a set of the layer's own CRS."""
    assert [s.id for s in info(sea(), "sea.sst").matrix_sets] == [
        "WebMercatorQuad",
        "WorldCRS84Quad",
    ]
    assert [s.id for s in info(utm(), "utm.height").matrix_sets][2:] == ["UTM31WGS84Quad"]


def test_unknown_matrix_set() -> None:
    """A registered set that a layer is not offered in is refused."""
    assert named_layer.find_set(sea(), layer("sst"), "WorldCRS84Quad").id == "WorldCRS84Quad"
    with pytest.raises(MatrixSetNotFound, match="WebMercatorQuad, WorldCRS84Quad"):
        named_layer.find_set(sea(), layer("sst"), "UTM31WGS84Quad")


def test_box_across_the_date_line() -> None:
    """A grid over 180° has its west east of its east."""
    assert info(sea_ice(), "sea.ice.extent").bbox == (170, -20, -170, -10)
