"""The picture of QGIS's own window in qgis.md: its time controller on the demo's ocean.

    xvfb-run qgis --nologo --noversioncheck --noplugins --profiles-path NEW_FOLDER --code window.py

Needs QGIS 3.40, a server of the demo at SERVER, and the folder that WINDOW_PNG is in.
"""

import os
import sys
from pathlib import Path
from urllib.request import urlopen

from qgis.core import QgsLayerDefinition, QgsProject, QgsRectangle, QgsTemporalNavigationObject
from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtWidgets import QDockWidget, QToolBar
from qgis.utils import iface

SERVER = os.environ.get("SERVER", "http://127.0.0.1:8080")
PICTURE = Path(os.environ.get("WINDOW_PNG", "window.png"))
TOOLBARS = ("mMapNavToolBar", "mFileToolBar", "mAttributesToolBar")
FRAME = 120
NORTH_ATLANTIC = QgsRectangle(-10_500_000, 1_000_000, 5_500_000, 9_500_000)
WINDOW = iface.mainWindow()


def open_layer() -> None:
    """Drop the layer on the map, and clear the desk."""
    definition = PICTURE.with_suffix(".qlr")
    with urlopen(f"{SERVER}/wmts/ocean/sst.qlr") as answer:
        definition.write_bytes(answer.read())
    project = QgsProject.instance()
    QgsLayerDefinition.loadLayerDefinition(str(definition), project, project.layerTreeRoot())
    definition.unlink()
    WINDOW.resize(1100, 680)
    for dock in WINDOW.findChildren(QDockWidget):
        dock.setVisible(dock.objectName() in ("Temporal Controller", "Layers"))
    for bar in WINDOW.findChildren(QToolBar):
        bar.setVisible(bar.objectName() in TOOLBARS)
    WINDOW.statusBar().hide()
    QTimer.singleShot(2500, choose_time)


def choose_time() -> None:
    """Start an animation, which takes the layer's own times, and go to a frame."""
    times = iface.mapCanvas().temporalController()
    times.setNavigationMode(QgsTemporalNavigationObject.Animated)
    times.setCurrentFrameNumber(FRAME)
    layers, controller = (
        WINDOW.findChild(QDockWidget, name) for name in ("Layers", "Temporal Controller")
    )
    layers.setMinimumWidth(400)
    WINDOW.resizeDocks([controller], [120], Qt.Vertical)
    iface.mapCanvas().setExtent(NORTH_ATLANTIC)
    iface.mapCanvas().refresh()
    QTimer.singleShot(7000, take_picture)


def take_picture() -> None:
    """Write the window, and go."""
    iface.messageBar().clearWidgets()
    WINDOW.grab().save(str(PICTURE))
    sys.stdout.flush()
    os._exit(0)


QTimer.singleShot(4000, open_layer)
