"""The pictures of qgis.md, drawn by QGIS itself from a server of the demo cubes.

    make demo
    /usr/bin/python3 docs/qgis/make_pictures.py http://127.0.0.1:8080

Needs the interpreter that QGIS is installed for. Layers come from the server's layer definitions.
"""

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

os.environ["QT_QPA_PLATFORM"] = "offscreen"
PROFILE = tempfile.mkdtemp(prefix="qgis-")

from PIL import Image  # noqa: E402
from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsDateTimeRange,
    QgsLayerDefinition,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemMap,
    QgsLayoutItemPicture,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsTextFormat,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QDateTime, Qt  # noqa: E402
from qgis.PyQt.QtGui import QColor, QFont  # noqa: E402

HERE = Path(__file__).parent
COLOURS = 224
GRAY = QColor("#8a8f98")


@dataclass
class Sheet:
    """A print layout of maps, texts and pictures, in millimetres from its top left corner."""

    width: float
    height: float
    layout: QgsPrintLayout = field(init=False)

    def __post_init__(self) -> None:
        self.layout = QgsPrintLayout(QgsProject.instance())
        self.layout.initializeDefaults()
        size = QgsLayoutSize(self.width, self.height, QgsUnitTypes.LayoutMillimeters)
        self.layout.pageCollection().page(0).setPageSize(size)

    def put(self, item, box):
        """An item at (x, y, width, height)."""
        self.layout.addLayoutItem(item)
        x, y, width, height = box
        item.attemptMove(QgsLayoutPoint(x, y, QgsUnitTypes.LayoutMillimeters))
        item.attemptResize(QgsLayoutSize(width, height, QgsUnitTypes.LayoutMillimeters))
        return item

    def map(self, box, layers, crs, extent, time=None):
        """A map of layers; of a `time` in an animation."""
        item = QgsLayoutItemMap(self.layout)
        self.put(item, box)
        item.setLayers(layers)
        item.setKeepLayerSet(True)
        item.setCrs(QgsCoordinateReferenceSystem(crs))
        item.setExtent(QgsRectangle(*extent))
        item.setBackgroundColor(QColor("#eef1f4"))
        item.setFrameEnabled(True)
        item.setFrameStrokeColor(GRAY)
        if time:
            begin = QDateTime.fromString(time, Qt.ISODate)
            item.setIsTemporal(True)
            item.setTemporalRange(QgsDateTimeRange(begin, begin))
        return item

    def text(self, box, text, size=9, *, bold=False, align=Qt.AlignLeft, colour="#202428"):
        """A label."""
        item = QgsLayoutItemLabel(self.layout)
        item.setText(text)
        font = QFont("DejaVu Sans", size)
        font.setBold(bold)
        item.setFont(font)
        item.setFontColor(QColor(colour))
        item.setHAlign(align)
        item.setVAlign(Qt.AlignVCenter)
        return self.put(item, box)

    def export(self, name: str, dpi: int) -> None:
        """Write it, in few colours."""
        settings = QgsLayoutExporter.ImageExportSettings()
        settings.dpi = dpi
        raw = Path(PROFILE) / f"{name}.png"
        QgsLayoutExporter(self.layout).exportToImage(str(raw), settings)
        with Image.open(raw) as image:
            few = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            few.save(HERE / f"{name}.png", optimize=True)
        print(name, (HERE / f"{name}.png").stat().st_size)


def load(base: str, path: str):
    """The layer of a definition, in the project."""
    target = Path(PROFILE) / "layer.qlr"
    with urlopen(f"{base}/wmts/{path}") as answer:
        target.write_bytes(answer.read())
    project = QgsProject.instance()
    known = set(project.mapLayers())
    QgsLayerDefinition.loadLayerDefinition(str(target), project, project.layerTreeRoot())
    (added,) = set(project.mapLayers()) - known
    return project.mapLayer(added)


def legend_picture(sheet: Sheet, base: str, layer: str, style: str, box) -> None:
    """The legend that capabilities name."""
    item = QgsLayoutItemPicture(sheet.layout)
    sheet.put(item, box)
    item.setPicturePath(f"{base}/wmts/1.0.0/{layer}/{style}/legend.png")


def ocean(base: str) -> None:
    """Two times side by side, with title, legend and credit."""
    sheet = Sheet(200, 83)
    sheet.text((6, 3, 188, 8), "Sea surface temperature", 13, bold=True)
    times = {"2023-02-15T00:00:00Z": "February 2023", "2023-08-10T00:00:00Z": "August 2023"}
    for number, (time, name) in enumerate(times.items()):
        layer = load(base, f"ocean/sst.qlr?tms=WorldCRS84Quad&time={time}")
        left = 6 + 95 * number
        sheet.map((left, 13, 93, 46.5), [layer], "EPSG:4326", (-180, -90, 180, 90))
        sheet.text((left, 59.5, 93, 6), name, 9, align=Qt.AlignHCenter)
    legend_picture(sheet, base, "ocean.sst", "sst", (62, 66.5, 76, 14.7))
    sheet.text((140, 74, 54, 6), layer.attribution(), 6, align=Qt.AlignRight, colour="#5a6068")
    sheet.export("ocean", 144)


def scene(base: str) -> None:
    """A scene in its own UTM zone: true colour and vegetation."""
    sheet = Sheet(200, 118)
    box = (664_000, 5_224_000, 691_000, 5_250_000)
    names = {"true_color": "True colour", "ndvi": "Vegetation index (NDVI)"}
    for number, (variable, name) in enumerate(names.items()):
        path = f"s2/{variable}.qlr?tms=UTM32WGS84Quad&time=2023-08-15T00:00:00Z"
        left = 6 + 95 * number
        item = sheet.map((left, 11, 93, 90), [load(base, path)], "EPSG:32632", box)
        sheet.text((left, 3, 93, 7), name, 10, bold=True)
    bar = QgsLayoutItemScaleBar(sheet.layout)
    bar.setStyle("Single Box")
    bar.setLinkedMap(item)
    bar.setUnits(QgsUnitTypes.DistanceKilometers)
    bar.setUnitLabel("km")
    bar.setUnitsPerSegment(5)
    bar.setNumberOfSegments(2)
    bar.setNumberOfSegmentsLeft(0)
    bar.setHeight(1.5)
    style = QgsTextFormat()
    style.setFont(QFont("DejaVu Sans"))
    style.setSize(7)
    bar.setTextFormat(style)
    sheet.put(bar, (6, 104, 60, 10))
    legend_picture(sheet, base, "s2.ndvi", "ndvi", (112, 102, 76, 14.7))
    sheet.text((60, 104, 50, 10), "UTM 32N, 15 August 2023", 7, colour="#5a6068")
    sheet.export("scene", 100)


def frames(base: str) -> None:
    """Four frames of an animation, of one layer by the map's time."""
    sheet = Sheet(200, 63)
    layer = load(base, "ocean/chl.qlr?service=WMS")
    months = {"03-10": "March", "05-10": "May", "07-10": "July", "09-10": "September"}
    europe = (1_900_000, 800_000, 6_900_000, 5_800_000)
    for number, (day, name) in enumerate(months.items()):
        left = 6 + 47.5 * number
        sheet.map((left, 5, 45.5, 45.5), [layer], "EPSG:3035", europe, f"2023-{day}T00:00:00Z")
        sheet.text((left, 51, 45.5, 6), f"{name} 2023", 8, align=Qt.AlignHCenter)
    sheet.export("frames", 144)


def main() -> None:
    """Draw all, or those that are named."""
    application = QgsApplication([], False, PROFILE)
    application.initQgis()
    base, *names = sys.argv[1:]
    for draw in (ocean, scene, frames):
        if not names or draw.__name__ in names:
            draw(base)
    sys.stdout.flush()
    shutil.rmtree(PROFILE)
    os._exit(0)  # tearing down without a window crashes


main()
