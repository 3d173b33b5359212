"""How layers are drawn where nobody says it."""

from tileserver.config import StyleConfig
from tileserver.cube import Flag
from tileserver.drawing import default_colormap
from tileserver.layer import Layer


def test_no_two_classes_are_alike() -> None:
    """Classes without colours get one each, though there are more than the table has."""
    flags = tuple(Flag(float(i), str(i)) for i in range(60))
    layer = Layer("a", "A", None, (), StyleConfig(), "v:a", flags=flags)
    categories = default_colormap(layer).categories
    assert len({category.color for category in categories}) == len(flags)
