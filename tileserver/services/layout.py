"""How a dataset is laid out beside its source: which copies of it are read, and how far they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tileserver.cube import TIME, Cube, Level, Variable


def layouts(cube: Cube) -> dict[str, Any]:
    """The overviews and the copy along time, each null where there is none.

    `steps` of `of` along time are there, the last of them `until`; all others are read from the
    source. They are left out of data without times.
    """
    overviews = {v.id: reduced for v in cube.variables.values() if (reduced := _reduced(v))}
    series = {v.id: v.series for v in cube.variables.values() if v.series is not None}
    return {
        "overviews": _overviews(cube, overviews) if overviews else None,
        "time_series": _time_series(cube, series) if series else None,
    }


def lagging(cube: Cube) -> list[str]:
    """What lacks steps that the source has, and what to do."""
    found = []
    for name, layout in layouts(cube).items():
        if layout is not None and layout.get("steps") != layout.get("of"):
            what = name.replace("_", " ")
            told = f"{layout['steps']} of {layout['of']} steps"
            found.append(f"{what}: {told}, up to {layout['until']}: run tileserver optimize")
    return found


def _reduced(variable: Variable) -> list[Level]:
    return [level for level in variable.levels if level.reduction is not None]


def _overviews(cube: Cube, known: Mapping[str, list[Level]]) -> dict[str, Any]:
    variables = {
        name: {"method": levels[0].reduction.method, "levels": len(levels)}
        for name, levels in known.items()
        if levels[0].reduction is not None
    }
    firsts = {name: levels[0] for name, levels in known.items()}
    return {"variables": variables, **_covered(cube, firsts)}


def _time_series(cube: Cube, known: Mapping[str, Level]) -> dict[str, Any]:
    variables = {name: {"chunks": list(level.chunks)} for name, level in known.items()}
    return {"variables": variables, **_covered(cube, known)}


def _covered(cube: Cube, levels: Mapping[str, Level]) -> dict[str, Any]:
    """How far copies go in time, the shortest of them."""
    timed = [level for name, level in levels.items() if TIME in cube.variables[name].dims]
    if cube.time is None or not timed:
        return {}
    size = len(cube.time.seconds)
    steps = min(size if level.steps is None else level.steps for level in timed)
    return {"steps": steps, "of": size, "until": cube.time.label(steps - 1) if steps else None}
