"""How a STAC document wants its data drawn, by the extension render 2.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tileserver.cube import Render
from tileserver.sources.stac.field import Json, mapping, numbers, sequence, text

MOST_RENDERS = 200


def read_renders(document: Json) -> dict[str, Render]:
    """By their names; what is said wrongly is passed over.

    Args:
        document: a Collection, or an Item.
    """
    told = mapping(document.get("renders")) or mapping(
        mapping(document.get("properties")).get("renders")
    )
    found = {name: _render(mapping(each)) for name, each in list(told.items())[:MOST_RENDERS]}
    return {name: render for name, render in found.items() if render is not None}


def _render(about: Json) -> Render | None:
    assets = [each for each in sequence(about.get("assets")) if isinstance(each, str)]
    bands = [each for each in sequence(about.get("bands")) if isinstance(each, str)]
    expression = text(about.get("expression"))
    if not assets and not bands and expression is None:
        return None
    ranges = [numbers(each) for each in sequence(about.get("rescale"))]
    first = next((each for each in ranges if len(each) == 2 and each[0] < each[1]), None)
    return Render(
        title=text(about.get("title")),
        assets=tuple(assets),
        bands=tuple(bands),
        expression=expression,
        rescale=None if first is None else (first[0], first[1]),
        colormap_name=text(about.get("colormap_name")),
        scale=text(about.get("scale")),
        resampling=text(about.get("resampling")),
    )


def by_variables(
    renders: Mapping[str, Render], variables: Mapping[str, Sequence[str]]
) -> dict[str, Render]:
    """With the ids of variables as bands where a render names assets only.

    Args:
        variables: ids by the asset that they are of.
    """
    found = {}
    for name, render in renders.items():
        named = [each for asset in render.assets for each in variables.get(asset, ())]
        bands = render.bands or ((name,) if name in named else tuple(named))
        found[name] = render.of(bands)
    return found
