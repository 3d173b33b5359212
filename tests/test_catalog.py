"""The catalogue: what is wrong is told with file, line, key and remedy."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from tileserver.cache import ByteCache
from tileserver.catalog import Catalog
from tileserver.catalogfile import load
from tileserver.errors import CatalogError, DatasetNotFound, DatasetUnavailable


def loaded(*paths: Path, environment: dict[str, str] | None = None) -> Catalog:
    """The catalogue of files, its datasets tried."""

    async def run() -> Catalog:
        with ThreadPoolExecutor(2) as pool:
            cache = ByteCache(1 << 24, lambda chunk: chunk.nbytes)
            found = load([str(p) for p in paths], environment or {}, cache=cache, pool=pool)
            await found.open_all()
            return found

    return asyncio.run(run())


def written(folder: Path, text: str) -> Path:
    path = folder / "catalog.yaml"
    path.write_text(text)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A global 10° map without a time, beside the catalogue."""
    lat, lon = 85.0 - 10 * np.arange(18), -175.0 + 10 * np.arange(36)
    values = np.arange(18 * 36, dtype="f4").reshape(18, 36)
    cube = xr.Dataset({"t": (("lat", "lon"), values)}, {"lat": lat, "lon": lon})
    cube.to_zarr(tmp_path / "map.zarr", zarr_format=2, consolidated=True)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "line", "key", "remedy"),
    [
        ("datasets:\n  - id: a\n    url: x\n    hue: red\n", 4, "datasets.0.hue", "no such key"),
        ("datasets:\n  - id: a b\n    url: x\n", 2, "datasets.0.id", "letters"),
        ("datasets:\n  - id: a\n", 2, "datasets.0.url", "missing"),
        ("datasets:\n  - id: a\n    url: x\n    styles: {v: {scale: cubic}}\n", 4, "scale", "log"),
        ("datasets:\n  - id: a\n    url: x\n    styles: {v: {colormap_name: virids}}\n", 4,
         "datasets.0.styles.v.colormap_name", "did you mean viridis"),
        ("datasets:\n  - id: a\n    url: x\n  - id: a\n    url: y\n", 4, "datasets.1.id", "twice"),
        ("datasets: [{id: a, url: x, storage: s}]", 1, "datasets.0.storage", "known: none"),
        ("storage:\n  s: {timeout_s: -1}\n", 2, "storage.s.timeout_s", "greater than 0"),
        ("offers: [virids]\ndatasets:\n  - {id: a, url: x}\n", 3,
         "datasets.0.offers", "known: none"),
        ("style_sets: {s: {}}\ndatasets:\n  - id: a\n    url: x\n    styles:\n"
         "      v: {offers: [s, 'viridis:9:1']}\n", 6, "datasets.0.styles.v.offers", "known: s"),
        ("datasets:\n  - {id: a, url: x, theme: Sea//Ice}\n", 2, "datasets.0.theme", "slashes"),
        ("style_sets:\n  s: {default: {}}\n", 2, "style_sets.s", "another name"),
        ("style_sets: {s: [viridis]}\n", 1, "style_sets.s", "keys with values"),
        (f"offers: [{'viridis, ' * 101}]\n", 1, "offers", "at most 100"),
        ("service:\n  contact:\n    phone: 49123\n", 3, "service.contact.phone", "quote it"),
        ("service:\n  provider_url: 'javascript:x'\n", 2, "service.provider_url", "https://"),
        ("service:\n  keywords: sea\n", 2, "service.keywords", "list"),
        ("service: {title: ''}\n", 1, "service.title", "empty"),
        ("datasets:\n  - {id: a, url: x, queryable: maybe}\n", 2,
         "datasets.0.queryable", "true or false"),
        ("datasets: [\n", 2, "", ""),
    ],
)  # fmt: skip
def test_errors_name_file_line_key_and_remedy(
    tmp_path: Path, text: str, line: int, key: str, remedy: str
) -> None:
    """The message leads to the very place."""
    path = written(tmp_path, text)
    with pytest.raises(CatalogError) as caught:
        loaded(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:{line}:")
    assert key in message
    assert remedy in message


def test_relative_urls_count_from_the_file(store: Path) -> None:
    """A catalogue can be moved with its data."""
    found = loaded(written(store, "datasets: [{id: a, url: map.zarr}]"))
    assert found["a"].title == "a"
    assert [v.id for v in found["a"].variables] == ["t"]


def test_a_folder_is_all_its_files(store: Path) -> None:
    """Several files make one catalogue."""
    (store / "one.yaml").write_text("datasets: [{id: a, url: map.zarr}]")
    (store / "two.json").write_text('{"datasets": [{"id": "b", "url": "map.zarr"}]}')
    assert set(loaded(store).entries) == {"a", "b"}


def test_one_bad_dataset_stops_no_other(store: Path) -> None:
    """It is listed with what is wrong; the rest is open."""
    text = """
storage:
  keyless: {credentials: "env:NOWHERE_"}
datasets:
  - {id: good, url: map.zarr}
  - {id: gone, url: gone.zarr}
  - {id: vrt, url: map.vrt}
  - {id: odd, url: "gopher://x/y"}
  - {id: vsi, url: /vsicurl/http://x/y.tif}
  - {id: up, url: ../../etc}
  - {id: keyless, url: "s3://b/c", storage: keyless}
  - {id: style, url: map.zarr, styles: {nothing: {}}}
  - {id: bands, url: map.zarr, composites: {c: {bands: [t, t, nothing]}}}
  - {id: stack, url: "*.tif"}
"""
    found = loaded(written(store, text))
    assert found["good"].id == "good"
    errors = {name: entry.error or "" for name, entry in found.entries.items()}
    expected = {
        "gone": "no such file",
        "vrt": "VRT files are refused",
        "odd": "expected a path or one of s3",
        "vsi": "plain path",
        "up": "plain path",
        "keyless": "NOWHERE_ACCESS_KEY_ID and NOWHERE_SECRET_ACCESS_KEY not set",
        "style": "no variable 'nothing'",
        "bands": "no variable 'nothing'",
        "stack": "time_pattern",
    }
    assert {k for k, words in expected.items() if words not in errors[k]} == set(), errors
    assert not any(str(store) in message for message in errors.values())


def test_unknown_and_unavailable_datasets_differ(store: Path) -> None:
    """404 for the one, 502 for the other."""
    found = loaded(written(store, "datasets: [{id: gone, url: gone.zarr}]"))
    with pytest.raises(DatasetNotFound, match="nothing"):
        found["nothing"]
    with pytest.raises(DatasetUnavailable, match="no such file"):
        found["gone"]


def test_version_changes_with_data_and_entry(store: Path) -> None:
    """ETags of another style or other data differ; equal ones are equal in every process."""
    plain = loaded(written(store, "datasets: [{id: a, url: map.zarr}]"))["a"].version
    again = loaded(written(store, "datasets: [{id: a, url: map.zarr}]"))["a"].version
    styled = "datasets: [{id: a, url: map.zarr, styles: {t: {rescale: [0, 1]}}}]"
    assert again == plain
    assert loaded(written(store, styled))["a"].version != plain
