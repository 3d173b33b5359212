"""Making the demo's cubes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tileserver.cli.console import err, progress, settings, told
from tileserver.cli.serve import run


def demo(
    directory: Annotated[Path, typer.Argument(help="Where the cubes are made.")] = Path(
        "demo-data"
    ),
    small: Annotated[bool, typer.Option(help="Coarse cubes, made in seconds.")] = False,
    serve: Annotated[bool, typer.Option(help="Serve them when they are there.")] = False,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
) -> None:
    """Make three realistic cubes and their catalogue."""
    from tileserver.demo import build  # rasterio and xarray cost seconds that `serve` need not pay

    with progress() as bar:
        tasks: dict[str, int] = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=total)
            bar.update(tasks[step], completed=done)  # type: ignore[arg-type]

        path = build(directory, small=small, progress=report)
    err.print(f"{path} is ready", markup=False)
    if serve:
        told(lambda: run(settings({"catalog": str(path), "port": str(port)})))
