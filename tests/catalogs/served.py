"""Catalogue files of the documentation, served from look-alikes of what they name."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import yaml
from PIL import Image

from tests.conftest import running

DOCS = Path(__file__).parents[2] / "docs" / "catalogs"
FEW = 4  # colours that a picture of classes has
MANY = 60


def parsed(name: str) -> dict[str, Any]:
    """A catalogue of the documentation."""
    found = yaml.safe_load((DOCS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def entries(name: str) -> dict[str, dict[str, Any]]:
    """Its datasets by id."""
    return {entry["id"]: entry for entry in parsed(name)["datasets"]}


def rewritten(
    name: str,
    folder: Path,
    storage: Mapping[str, Mapping[str, Any]],
    hosts: Mapping[str, str],
    default: str | None = None,
) -> Path:
    """The catalogue, but that its storages and hosts are here.

    Args:
        storage: what changes of each; new ones.
        hosts: beginnings of URLs, and what they become.
        default: the storage of datasets that have none.
    """
    text = (DOCS / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in hosts.items():
        assert old in text, f"{name}.yaml does not name {old}"
        text = text.replace(old, new)
    document = yaml.safe_load(text)
    kept = document.setdefault("storage", {})
    for key, change in storage.items():
        kept[key] = {**kept.get(key, {}), **change}
    for entry in document["datasets"]:
        if default is not None:
            entry.setdefault("storage", default)
    made = folder / "catalog.yaml"
    made.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return made


@dataclass(frozen=True)
class Served:
    """A server of a catalogue."""

    url: str
    catalog: Mapping[str, Any]

    def get(self, path: str, **parameters: Any) -> httpx2.Response:
        return httpx2.get(f"{self.url}{path}", params=parameters, timeout=60)

    def check(self, dataset: str, classes: tuple[str, ...] = ()) -> None:
        """A dataset is ready, and all that the catalogue names of it is drawn.

        Args:
            classes: layers of few colours.
        """
        told = self.get(f"/datasets/{dataset}").json()
        assert told.get("status") == "ready", told
        (entry,) = (each for each in self.catalog["datasets"] if each["id"] == dataset)
        layers = [*entry.get("styles", {}), *entry.get("composites", {})]
        layers += [name for name in entry.get("variables", ()) if name not in layers]
        assert layers
        for layer in layers:
            self.check_layer(dataset, layer, entry, FEW if layer in classes else MANY)

    def check_layer(self, dataset: str, layer: str, entry: Mapping[str, Any], least: int) -> None:
        """A picture of all of it has the colours and range of its style."""
        picture = self.picture(dataset, layer, entry)
        assert picture.status_code == 200, picture.text
        with Image.open(io.BytesIO(picture.content)) as image:
            pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
        shown = pixels[pixels[:, 3] > 0]
        assert len(shown) > len(pixels) / 20, f"{dataset} {layer} is empty"
        colours = len(np.unique(shown, axis=0))
        assert colours >= least, f"{dataset} {layer} has {colours} colours"
        style = {**entry.get("styles", {}), **entry.get("composites", {})}.get(layer, {})
        if "rescale" in style and "bands" not in style:
            legend = self.get(f"/legend/{dataset}/{layer}.json").json()
            assert [legend["min"], legend["max"]] == style["rescale"]

    def picture(self, dataset: str, layer: str, entry: Mapping[str, Any]) -> httpx2.Response:
        """The tile that holds the middle of the dataset, about as large as it is."""
        found = self.get(f"/tiles/{dataset}/{layer}/tilejson.json")
        assert found.status_code == 200, found.text
        lon, lat, _ = found.json()["center"]
        west, south, east, north = found.json()["bounds"]
        zoom = int(max(0, np.floor(np.log2(360 / max(east - west, north - south)))))
        count = 2**zoom
        x = int((lon + 180) / 360 * count)
        merc = np.arcsinh(np.tan(np.radians(np.clip(lat, -80, 80)))) / np.pi
        y = int((1 - merc) / 2 * count)
        return self.get(f"/tiles/{dataset}/{layer}/{zoom}/{x}/{y}.png")


@contextmanager
def serving(catalog: Path, **environment: str) -> Iterator[Served]:
    """A server of a catalogue, in a process of its own."""
    document = yaml.safe_load(catalog.read_text(encoding="utf-8"))
    with running("--catalog", str(catalog), **environment) as url:
        yield Served(url, document)
