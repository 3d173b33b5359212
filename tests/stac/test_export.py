"""The catalogue as files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pystac
import pytest
import yaml

from tests.conftest import running
from tests.stac.schemas import check_core, check_extensions


def export(*arguments: str) -> None:
    command = [sys.executable, "-m", "tileserver", "stac", "export", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def folder(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("stac")
    export(str(made), "--catalog", str(demo_data), "--items", "5")
    return made


def read(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_bytes())
    assert isinstance(found, dict)
    return found


def test_pystac_walks_the_files(folder: Path) -> None:
    """Catalogue, collections, items, by relative links; each is what STAC says."""
    catalog = pystac.Catalog.from_file(str(folder / "catalog.json"))
    counts = {each.id: len(list(each.get_items())) for each in catalog.get_children()}
    assert counts == {"ocean": 5, "s2": 4, "model": 4, "land": 0}
    for file in folder.rglob("*.json"):
        check_core(read(file))


def test_round_trip(folder: Path, demo_data: Path, tmp_path: Path) -> None:
    """What is registered by its exported collection is the dataset that was exported."""
    datasets = [{"id": "again", "url": str(folder / "ocean" / "collection.json"),
                 "references": [str(demo_data.parent)]}]  # fmt: skip
    catalog = tmp_path / "catalog.yaml"
    catalog.write_text(yaml.safe_dump({"datasets": datasets}))
    with running("--catalog", str(demo_data)) as first, running("--catalog", str(catalog)) as other:
        known = httpx2.get(f"{first}/datasets/ocean").json()
        found = httpx2.get(f"{other}/datasets/again").json()
        for part in ("title", "bbox", "time", "dimensions", "description"):
            assert found[part] == known[part], part
        styles = {each["id"]: each["style"] for each in known["variables"]}
        assert {each["id"]: each["style"] for each in found["variables"]} == styles
        for variable in ("sst", "chl"):
            tiles = [
                httpx2.get(f"{url}/tiles/{dataset}/{variable}/2/1/1.png").content
                for url, dataset in ((first, "ocean"), (other, "again"))
            ]
            assert tiles[0] == tiles[1]
            assert len(np.unique(np.frombuffer(tiles[0], np.uint8))) > 100


def test_product_of_an_open_science_catalogue(demo_data: Path, tmp_path: Path) -> None:
    """With the fields of its extension, below a catalogue that is there already."""
    export(str(tmp_path), "--catalog", str(demo_data), "--project", "cubes", "--items", "1",
           "--base-url", "https://tiles.example.org")  # fmt: skip
    assert not (tmp_path / "catalog.json").exists()
    found = read(tmp_path / "ocean" / "collection.json")
    check_core(found)
    assert (found["osc:type"], found["osc:project"]) == ("product", "cubes")
    assert {"sst", "chl"} <= set(found["osc:variables"])
    links = {each["rel"]: each["href"] for each in found["links"]}
    assert (links["root"], links["parent"]) == ("../../catalog.json", "../catalog.json")
    assert found["assets"]["data"]["href"] == "https://tiles.example.org/zarr/ocean"
    assert str(demo_data.parent) not in json.dumps(found)


def test_extensions(folder: Path) -> None:
    """Of the files, too."""
    for file in folder.rglob("*.json"):
        check_extensions(read(file))
