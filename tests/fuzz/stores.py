"""A catalogue of one sound store and many that are damaged or hostile."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import rasterio
import xarray as xr
import zarr
from affine import Affine

Entry = Mapping[str, Any]
Edit = Callable[[dict[str, Any]], object]

SECRET_NUMBER = -98765.4375
SECRET_TEXT = "what lies outside of all folders"
SHAPE = (12, 24)
BIG_METADATA_BYTES = 50 << 20
BOMB_BYTES = 1 << 28


def write_all(folder: Path) -> list[Entry]:
    """All stores below a folder; their entries, the sound one's first."""
    (folder / "data").mkdir()
    _secrets(folder)
    made = folder / "data"
    entries: list[Entry] = [{"id": "sound", "url": str(_zarr(made / "sound.zarr"))}]
    for kind in (_truncated, _edited, _hostile, _huge, _tiffs, _references, _items, _netcdfs):
        entries += kind(made)
    return entries


def _secrets(folder: Path) -> None:
    """What must never show up: a store, a file, values."""
    _write_zarr(folder / "secret.zarr", SECRET_NUMBER, 3)
    (folder / "secret.txt").write_text(SECRET_TEXT)
    (folder / "secret.bin").write_bytes(np.full(SHAPE, SECRET_NUMBER, "<f4").tobytes())
    _tiff(folder / "secret.tif", SECRET_NUMBER)


def _zarr(path: Path, zarr_format: int = 3) -> Path:
    """A sound store, a copy of the first of its kind."""
    first = path.parent / f"sound{zarr_format}.zarr"
    if not first.exists():
        _write_zarr(first, None, zarr_format)
    return Path(shutil.copytree(first, path))


def _write_zarr(path: Path, value: float | None, zarr_format: int) -> None:
    values = np.arange(np.prod(SHAPE), dtype="f4").reshape(SHAPE)
    values = values if value is None else np.full_like(values, value)
    lat, lon = 85 - 15.0 * np.arange(12), -172.5 + 15.0 * np.arange(24)
    data = xr.Dataset({"a": (("lat", "lon"), values)}, {"lat": lat, "lon": lon})
    encoding = {"a": {"chunks": (6, 12), "compressors": None}}
    data.to_zarr(path, zarr_format=zarr_format, consolidated=zarr_format == 2, encoding=encoding)


def _tiff(path: Path, value: float | None = None) -> Path:
    values = np.arange(64 * 64, dtype="f4").reshape(1, 64, 64)
    values = values if value is None else np.full_like(values, value)
    with rasterio.open(
        path, "w", driver="GTiff", width=64, height=64, count=1, dtype="float32", tiled=True,
        blockxsize=32, blockysize=32, crs="EPSG:32633", compress="deflate",
        transform=Affine(1000, 0, 4e5, 0, -1000, 5.6e6),
    ) as file:  # fmt: skip
        file.write(values)
    return path


def _truncated(folder: Path) -> Iterator[Entry]:
    """Metadata that ends too early, at many places."""
    for version, names in (
        (3, ("zarr.json", "a/zarr.json", "lon/zarr.json")),
        (2, (".zmetadata",)),
    ):
        sound = _zarr(folder / f"whole{version}.zarr", zarr_format=version)
        for name in names:
            text = (sound / name).read_bytes()
            for stop in np.linspace(0, len(text) - 1, 9).astype(int).tolist():
                path = shutil.copytree(sound, folder / f"cut{version}-{name[0]}-{stop}.zarr")
                (path / name).write_bytes(text[:stop])
                yield {"id": f"cut.{version}.{name[0].strip('.') or 'z'}.{stop}", "url": str(path)}


EDITS: Mapping[str, Edit] = {
    "shape-2-63": lambda m: m.update(shape=[2**63, 2**63]),
    "shape-2-31": lambda m: m.update(shape=[2**31, 2**31]),
    "shape-negative": lambda m: m.update(shape=[-12, 24]),
    "shape-text": lambda m: m.update(shape=["12", None]),
    "shape-more": lambda m: m.update(shape=[12, 24, 3]),
    "shape-other": lambda m: m.update(shape=[13, 25]),
    "shape-none": lambda m: m.update(shape=[0, 24]),
    "shape-gone": lambda m: m.pop("shape"),
    "chunks-2-40": lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[2**40, 2**40]),
    "chunks-zero": lambda m: m["chunk_grid"]["configuration"].update(chunk_shape=[0, 12]),
    "chunks-kind": lambda m: m["chunk_grid"].update(name="rectilinear"),
    "codec-unknown": lambda m: m.update(codecs=[{"name": "os.system", "configuration": {}}]),
    "codec-none": lambda m: m.update(codecs=[]),
    "codec-text": lambda m: m.update(codecs="bytes"),
    "dtype-unknown": lambda m: m.update(data_type="float1024"),
    "dtype-object": lambda m: m.update(data_type={"name": "pickle", "configuration": {"x": 1}}),
    "dims-other": lambda m: m.update(dimension_names=["../lat", "/lon"]),
    "dims-null": lambda m: m.update(dimension_names=[None, None]),
    "key-hostile": lambda m: m.update(
        chunk_key_encoding={"name": "default", "configuration": {"separator": "/../../"}}
    ),
    "fill-odd": lambda m: m.update(fill_value={"a": [1]}),
    "attributes-list": lambda m: m.update(attributes=[1, 2]),
    "attributes-odd": lambda m: m["attributes"].update(
        units=7, scale_factor="x", flag_values={"a": 1}, flag_meanings=3, valid_range="no"
    ),
    "mapping-hostile": lambda m: m["attributes"].update(grid_mapping="../../secret.zarr/a"),
    "coordinates-hostile": lambda m: m["attributes"].update(coordinates="../../secret.zarr/lat /x"),
    "transformers": lambda m: m.update(storage_transformers=[{"name": "x"}]),
    "node-kind": lambda m: m.update(node_type="arrray"),
    "format-9": lambda m: m.update(zarr_format=9),
    "deep": lambda m: m["attributes"].update(x=json.loads("[" * 400 + "]" * 400)),
}  # fmt: skip


def _edited(folder: Path) -> Iterator[Entry]:
    """Metadata that says what cannot be."""
    for name, edit in EDITS.items():
        path = _zarr(folder / f"{name}.zarr")
        document = json.loads((path / "a/zarr.json").read_text())
        edit(document)
        (path / "a/zarr.json").write_text(json.dumps(document))
        yield {"id": f"edit.{name}", "url": str(path)}


def _hostile(folder: Path) -> Iterator[Entry]:
    """Names and links that lead out of the folder; chunks that are gone, short or bombs."""
    secret = folder.parent / "secret.zarr"
    linked = _zarr(folder / "linked.zarr")
    shutil.rmtree(linked / "a")
    (linked / "a").symlink_to(secret / "a")
    yield {"id": "hostile.link", "url": str(linked)}
    chunk = _zarr(folder / "chunk.zarr")
    (chunk / "a/c/0/0").unlink()
    (chunk / "a/c/0/0").symlink_to(secret / "a/c/0/0")
    yield {"id": "hostile.chunk", "url": str(chunk)}
    named = _zarr(folder / "named.zarr", zarr_format=2)
    document = json.loads((named / ".zmetadata").read_text())
    known = document["metadata"]
    for part in (".zarray", ".zattrs"):
        known[f"../../secret.zarr/a/{part}"] = known.pop(f"a/{part}")
    (named / ".zmetadata").write_text(json.dumps(document))
    yield {"id": "hostile.name", "url": str(named)}
    yield {
        "id": "hostile.group",
        "url": str(_zarr(folder / "g.zarr")),
        "group": "../../secret.zarr",
    }
    gone = _zarr(folder / "gone.zarr")
    shutil.rmtree(gone / "a/c")
    yield {"id": "hostile.gone", "url": str(gone)}
    short = _zarr(folder / "short.zarr")
    (short / "a/c/0/1").write_bytes(b"\x00" * 7)
    yield {"id": "hostile.short", "url": str(short)}
    bomb = _zarr(folder / "bomb.zarr", zarr_format=2)
    zeros = numcodecs.Zstd().encode(np.zeros(BOMB_BYTES, "u1"))
    array = zarr.open_group(bomb, mode="r+", zarr_format=2)["a"]
    assert isinstance(array, zarr.Array)
    for name in (".zmetadata", "a/.zarray"):
        document = json.loads((bomb / name).read_text())
        about = document["metadata"]["a/.zarray"] if name == ".zmetadata" else document
        about["compressor"] = {"id": "zstd", "level": 0}
        (bomb / name).write_text(json.dumps(document))
    for key in ("0.0", "0.1", "1.0", "1.1"):
        (bomb / "a" / key).write_bytes(zeros)
    yield {"id": "hostile.bomb", "url": str(bomb)}


def _huge(folder: Path) -> Iterator[Entry]:
    """Metadata of 50 MB."""
    path = _zarr(folder / "huge.zarr", zarr_format=2)
    document = json.loads((path / ".zmetadata").read_text())
    document["metadata"][".zattrs"] = {"history": "x" * BIG_METADATA_BYTES}
    (path / ".zmetadata").write_text(json.dumps(document))
    yield {"id": "huge.text", "url": str(path)}
    many = _zarr(folder / "many.zarr", zarr_format=2)
    document = json.loads((many / ".zmetadata").read_text())
    known = document["metadata"]
    for number in range(300):
        known[f"v{number}/.zarray"] = known["a/.zarray"]
        known[f"v{number}/.zattrs"] = known["a/.zattrs"]
    (many / ".zmetadata").write_text(json.dumps(document))
    yield {"id": "huge.many", "url": str(many)}


def _tiffs(folder: Path) -> Iterator[Entry]:
    """Headers with a bit turned, and files that end too early."""
    sound = _tiff(folder / "sound.tif").read_bytes()
    random = np.random.default_rng(3)
    for number in range(40):
        at, bit = int(random.integers(0, min(700, len(sound)))), int(random.integers(0, 8))
        flipped = bytearray(sound)
        flipped[at] ^= 1 << bit
        path = folder / f"flip{number}.tif"
        path.write_bytes(flipped)
        yield {"id": f"tiff.flip.{at}.{bit}", "url": str(path)}
    for stop in (0, 1, 8, 100, 400, len(sound) - 100):
        path = folder / f"cut{stop}.tif"
        path.write_bytes(sound[:stop])
        yield {"id": f"tiff.cut.{stop}", "url": str(path)}
    link = folder / "link.tif"
    link.symlink_to(folder.parent / "secret.tif")
    (folder / "stack").mkdir()
    _tiff(folder / "stack/v_20200101.tif")
    (folder / "stack/v_20200102.tif").symlink_to(folder.parent / "secret.tif")
    yield {"id": "tiff.link", "url": str(link)}
    yield {
        "id": "tiff.stack",
        "url": str(folder / "stack/*.tif"),
        "time_pattern": r"(?P<time>\d{8})",
    }
    vrt = folder / "any.vrt"
    vrt.write_text(f"<VRTDataset><SourceFilename>{folder.parent}/secret.tif</SourceFilename>")
    yield {"id": "tiff.vrt", "url": str(vrt)}


def _references(folder: Path) -> Iterator[Entry]:
    """References to what is none of the dataset's business, and broken ones."""
    sound = _zarr(folder / "source.zarr", zarr_format=2)
    plain: dict[str, Any] = {}
    for path in sound.rglob(".z*"):
        plain[str(path.relative_to(sound))] = path.read_text()
    plain.pop(".zmetadata")
    for name in ("lat/0", "lon/0"):
        plain[name] = "base64:" + base64.b64encode((sound / name).read_bytes()).decode()
    length = 6 * 12 * 4
    outside = folder.parent
    for name, target in {
        "passwd": ["file:///etc/passwd", 0, length],
        "secret": [f"file://{outside}/secret.bin", 0, length],
        "path": [f"{outside}/secret.bin", 0, length],
        "up": ["../secret.bin", 0, length],
        "metadata-service": ["http://169.254.169.254/latest/meta-data/", 0, length],
        "loopback": ["http://127.0.0.1:9/x", 0, length],
        "negative": ["source.zarr/a/0.0", -5, -3],
        "beyond": ["source.zarr/a/0.0", 10**15, 10**15],
        "base64": "base64:!!!",
        "template": "{{ [].__class__.__mro__ }}",
        "number": 7,
    }.items():
        chunks = dict.fromkeys(("a/0.0", "a/0.1", "a/1.0", "a/1.1"), target)
        path = folder / f"reference-{name}.json"
        path.write_text(json.dumps({"version": 1, "refs": {**plain, **chunks}}))
        yield {"id": f"reference.{name}", "url": str(path)}
    text = json.dumps({"version": 1, "refs": plain})
    for stop in (0, 1, 20, len(text) // 2, len(text) - 1):
        path = folder / f"reference-cut{stop}.json"
        path.write_text(text[:stop])
        yield {"id": f"reference.cut.{stop}", "url": str(path)}
    link = folder / "reference-link.json"
    link.symlink_to(folder.parent / "secret.txt")
    yield {"id": "reference.link", "url": str(link)}


def _items(folder: Path) -> Iterator[Entry]:
    """STAC Items whose assets lie elsewhere."""
    for name, href in {
        "secret": "../secret.tif",
        "path": f"{folder.parent}/secret.tif",
        "file": f"file://{folder.parent}/secret.tif",
        "metadata-service": "http://169.254.169.254/x.tif",
        "gone": "gone.tif",
        "vrt": "any.vrt",
    }.items():
        item = {
            "type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None, "links": [],
            "properties": {"datetime": "2020-01-01T00:00:00Z"},
            "assets": {"b": {"href": href, "type": "image/tiff; application=geotiff"}},
        }  # fmt: skip
        path = folder / f"item-{name}.json"
        path.write_text(json.dumps(item))
        yield {"id": f"stac.{name}", "url": str(path)}


def _netcdfs(folder: Path) -> Iterator[Entry]:
    """NetCDF files that end too early or have bits turned."""
    values = np.arange(np.prod(SHAPE), dtype="f4").reshape(SHAPE)
    lat, lon = 85 - 15.0 * np.arange(12), -172.5 + 15.0 * np.arange(24)
    data = xr.Dataset({"a": (("lat", "lon"), values)}, {"lat": lat, "lon": lon})
    data.to_netcdf(folder / "sound.nc", engine="h5netcdf")
    sound = (folder / "sound.nc").read_bytes()
    random = np.random.default_rng(4)
    for stop in (0, 3, 8, 100, 600, len(sound) // 2, len(sound) - 1):
        path = folder / f"cut{stop}.nc"
        path.write_bytes(sound[:stop])
        yield {"id": f"netcdf.cut.{stop}", "url": str(path)}
    for number in range(15):
        flipped = bytearray(sound)
        flipped[int(random.integers(0, 2000))] ^= 1 << int(random.integers(0, 8))
        path = folder / f"flip{number}.nc"
        path.write_bytes(flipped)
        yield {"id": f"netcdf.flip.{number}", "url": str(path)}
