"""Claims about the colour tables."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from tileserver.colormaps import oklab

from tileserver import colormaps

OWN = colormaps.own_names()
ROUNDING = 0.1  # of L*: what rounding to 8 bits may do to two neighbours


def of_category(category: str) -> list[str]:
    return [name for name in OWN if colormaps.table(name).category == category]


def lightness(lut: NDArray[np.uint8]) -> NDArray[np.float64]:
    """CIELAB L*, 0..100 (CIE 15:2004), of the colours of a table."""
    light = oklab.linear(lut[:, :3] / 255) @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(light > 216 / 24389, 116 * np.cbrt(light) - 16, light * 24389 / 27)


def test_the_issue_s_subjects_have_tables() -> None:
    """Vegetation, temperature, anomaly, precipitation, ocean, elevation, land cover are there."""
    families = {colormaps.table(name).family for name in OWN}
    assert families >= {
        "vegetation", "temperature", "anomaly", "precipitation", "ocean", "elevation", "land cover"
    }  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_every_table_says_what_it_is(name: str) -> None:
    """Each has its file's name, a title, a family, a description, a source and a licence."""
    table = colormaps.table(name)
    assert table.name == name
    assert all((table.title, table.family, table.description, table.source, table.licence))
    assert bool(table.classes) == (table.category == "categorical")


@pytest.mark.parametrize("name", OWN)
def test_every_table_is_documented(name: str) -> None:
    """docs/colormaps.md has a row for each table, with what its file says."""
    page = (Path(__file__).parents[1] / "docs" / "colormaps.md").read_text("utf-8")
    table = colormaps.table(name)
    row = f"| `{name}` | {table.title}. {table.description} | {table.category} |"
    assert row in page.splitlines()


@pytest.mark.parametrize("name", OWN)
def test_every_file_is_one_table(name: str) -> None:
    """A file holds the fields of a table and nothing else."""
    raw = json.loads((files("tileserver.colormaps") / f"{name}.json").read_text("utf-8"))
    colors = {"classes"} if raw["category"] == "categorical" else {"stops"}
    about = {"name", "title", "family", "category", "description", "source", "licence"}
    assert set(raw) == about | colors


@pytest.mark.parametrize("name", of_category("sequential"))
def test_sequential_lightness_is_monotone(name: str) -> None:
    """A sequential table only gets lighter or only gets darker, and by 60 L* at least."""
    light = lightness(colormaps.lut(name))
    light = light if light[-1] > light[0] else light[::-1]
    assert np.diff(light).min() > -ROUNDING
    assert (light[4:] - light[:-4]).min() > 0
    assert light[-1] - light[0] > 60


@pytest.mark.parametrize("name", of_category("sequential"))
def test_sequential_lightness_is_even(name: str) -> None:
    """A sequential table's lightness is a straight line within 3 L*."""
    light = lightness(colormaps.lut(name))
    assert np.abs(light - np.linspace(light[0], light[-1], 256)).max() < 3


@pytest.mark.parametrize("name", of_category("diverging"))
def test_diverging_lightness_is_symmetric(name: str) -> None:
    """A diverging table's two halves are equally dark, and lightest in the middle."""
    light = lightness(colormaps.lut(name))
    assert np.abs(light - light[::-1]).max() < 1
    assert np.diff(light[:128]).min() > -ROUNDING
    assert light[127] > 95


@pytest.mark.parametrize("name", of_category("diverging"))
def test_diverging_middle_is_neutral(name: str) -> None:
    """A diverging table's middle is near white, without a hue that says below or above."""
    middle = colormaps.lut(name)[127:129, :3].astype(int)
    assert (middle.max(axis=1) - middle.min(axis=1)).max() < 16


@pytest.mark.parametrize("name", of_category("cyclic"))
def test_cyclic_ends_meet(name: str) -> None:
    """A cyclic table ends in the colour that it begins with."""
    lut = colormaps.lut(name)
    assert lut[0].tolist() == lut[-1].tolist()


@pytest.mark.parametrize("name", of_category("sequential") + of_category("diverging"))
def test_ramps_have_no_steps(name: str) -> None:
    """No two neighbouring colours of a ramp differ by more than 10 of 255 in a channel."""
    assert np.abs(np.diff(colormaps.lut(name).astype(int), axis=0)).max() <= 10


def test_topography_has_its_coast_in_the_middle() -> None:
    """Topography is blue below the middle and green above, with no blend between."""
    below, above = colormaps.lut("topography")[127:129, :3].tolist()
    assert below[2] > below[0]
    assert above[1] > above[2]
    assert max(abs(a - b) for a, b in zip(below, above, strict=True)) > 100


def test_worldcover_is_the_official_legend() -> None:
    """WorldCover has the 11 values and colours of its product user manual."""
    found = {
        c.value: colormaps.hex_color(c.color)[1:7] for c in colormaps.table("worldcover").classes
    }
    assert found == {
        10: "006400", 20: "ffbb22", 30: "ffff4c", 40: "f096ff", 50: "fa0000", 60: "b4b4b4",
        70: "f0f0f0", 80: "0064c8", 90: "0096a0", 95: "00cf75", 100: "fae6a0",
    }  # fmt: skip


def test_corine_has_the_44_codes() -> None:
    """CORINE has its 44 three-digit codes, in its official order."""
    codes = [entry.value for entry in colormaps.table("corine").classes]
    assert codes == [
        111, 112, 121, 122, 123, 124, 131, 132, 133, 141, 142, 211, 212, 213, 221, 222, 223, 231,
        241, 242, 243, 244, 311, 312, 313, 321, 322, 323, 324, 331, 332, 333, 334, 335, 411, 412,
        421, 422, 423, 511, 512, 521, 522, 523,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "color"),
    [
        (111, (230, 0, 77)), (124, (230, 204, 230)), (142, (255, 230, 255)), (211, (255, 255, 168)),
        (244, (242, 204, 166)), (312, (0, 166, 0)), (335, (166, 230, 204)), (412, (77, 77, 255)),
        (523, (230, 242, 255)),
    ],
)  # fmt: skip
def test_corine_has_the_official_colours(code: int, color: tuple[int, int, int]) -> None:
    """CORINE's colours are those of its legend."""
    [found] = [entry for entry in colormaps.table("corine").classes if entry.value == code]
    assert found.color == (*color, 255)


def test_corine_raster_is_corine_by_grid_code() -> None:
    """The grid codes 1 to 44 of CORINE's raster are the same classes in the same order."""
    by_code, by_grid = colormaps.table("corine").classes, colormaps.table("corine_raster").classes
    assert [c.value for c in by_grid] == list(range(1, 45))
    assert [(c.label, c.color) for c in by_grid] == [(c.label, c.color) for c in by_code]


@pytest.mark.parametrize("name", sorted(matplotlib.colormaps))
def test_matplotlib_s_maps_are_bit_exact(name: str) -> None:
    """Each of matplotlib's maps, reversed ones too, is the same 256 colours here."""
    expected = matplotlib.colormaps[name](np.linspace(0, 1, 256), bytes=True)
    if name.lower() not in OWN:
        assert np.array_equal(colormaps.lut(name), expected)


def test_our_names_hide_none_of_matplotlib_s() -> None:
    """No table of our own has a name that matplotlib uses, nor ends like a reversed one."""
    assert not set(OWN) & {name.lower() for name in matplotlib.colormaps}
    assert not [name for name in OWN if name.endswith("_r") or name != name.lower()]


def test_all_names_are_listed_once() -> None:
    """`names` has ours and matplotlib's, sorted, none reversed."""
    listed = colormaps.names()
    assert listed == sorted(set(listed))
    assert {"ndvi", "worldcover", "viridis", "rdbu", "ylgn"} <= set(listed)
    assert not [name for name in listed if name.endswith("_r")]


def test_every_matplotlib_map_has_a_category() -> None:
    """What is said about matplotlib's maps names maps that there are."""
    said = {name for listed in colormaps._MATPLOTLIB_NAMES.values() for name in listed.split()}
    # okabe_ito and the dark diverging maps came with later releases than the oldest allowed.
    recent = {"okabe_ito", "berlin", "managua", "vanimo"}
    assert said - recent <= set(colormaps.names())
    assert colormaps.table("rdbu").category == "diverging"
    assert colormaps.table("viridis").category == "sequential"


@pytest.mark.parametrize("name", ["viridis", "RdBu", "ndvi", "worldcover"])
def test_r_reverses(name: str) -> None:
    """`_r` gives the colours from the other end, within rounding, in any case of the name."""
    forward, backward = colormaps.lut(name).astype(int), colormaps.lut(f"{name}_R").astype(int)
    assert np.abs(backward - forward[::-1]).max() <= 1
    assert np.array_equal(colormaps.lut(name.upper()), colormaps.lut(name.lower()))


@pytest.mark.parametrize(
    "name", ["", "nope", "viridis_r_r", "../ndvi", "ndvi.json", "x" * 500, "_r"]
)
def test_unknown_names_do_not_exist(name: str) -> None:
    """What is no table's name does not exist, whatever it looks like."""
    assert not colormaps.exists(name)
    with pytest.raises(KeyError):
        colormaps.table(name)


def test_luts_cannot_be_written() -> None:
    """A table that is kept for everybody is read-only."""
    with pytest.raises(ValueError, match="read-only"):
        colormaps.lut("viridis")[0] = 0


def test_own_tables_do_not_import_matplotlib() -> None:
    """Our own tables are had without the half second that matplotlib takes."""
    code = (
        "import sys; from tileserver.style import Colormap; Colormap.named('ndvi_r');"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_stops_keep_their_colours() -> None:
    """At its stops a ramp has exactly their colours."""
    stops = [(0.0, (12, 34, 56, 255)), (51 / 255, (200, 10, 0, 128)), (1.0, (255, 255, 255, 0))]
    lut = colormaps.interpolate(stops)
    assert [tuple(lut[i].tolist()) for i in (0, 51, 255)] == [color for _, color in stops]


def test_oklab_has_the_published_values() -> None:
    """White, red and blue have the Oklab coordinates that its author publishes."""
    found = oklab.from_srgb(np.array([[1.0, 1, 1], [1, 0, 0], [0, 0, 1]]))
    expected = [[1, 0, 0], [0.628, 0.225, 0.126], [0.452, -0.032, -0.312]]
    assert np.allclose(found, expected, atol=1e-3)


def test_oklab_goes_there_and_back() -> None:
    """Every sRGB colour survives the way to Oklab and back within a thousandth of a step."""
    colors = np.random.default_rng(1).random((1000, 3))
    assert np.allclose(oklab.to_srgb(oklab.from_srgb(colors)), colors, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#fff", (255, 255, 255, 255)), ("#1234", (17, 34, 51, 68)), ("#0A0b0C", (10, 11, 12, 255)),
        ("#00000080", (0, 0, 0, 128)), ([1, 2, 3], (1, 2, 3, 255)), ([1, 2, 3, 4], (1, 2, 3, 4)),
    ],
)  # fmt: skip
def test_colours_are_parsed(text: object, color: tuple[int, ...]) -> None:
    """Hexadecimal of 3, 4, 6 or 8 digits, and lists of 3 or 4 numbers."""
    assert colormaps.parse_color(text) == color


@pytest.mark.parametrize(
    "text",
    ["red", "#12", "#12345", "fff", "#gggggg", [], [1, 2], [1, 2, 256], [1, 2, -1], [1.5, 2, 3],
     [True, 2, 3], ["1", "2", "3"], None, 7, {"r": 1}],
)  # fmt: skip
def test_what_is_no_colour_is_refused(text: object) -> None:
    """Anything else is a ValueError."""
    with pytest.raises(ValueError, match="colour"):
        colormaps.parse_color(text)
