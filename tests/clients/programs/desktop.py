"""QGIS without its windows: opens what it is told to, draws it, asks it, and says what it saw.

    python3 desktop.py FOLDER < jobs.json > seen.json

Runs in the interpreter that QGIS is installed for. Pictures are put into the folder as (height,
width, 4) uint8 arrays.

A job is {"open": address of a .qlr, "views": {name: {"bounds", "size", "frame"}}, "points":
[[x, y]], "legend": bool}, or the same with "source", an address of the provider `wms` of QGIS, for
"open", or {"browse": address of capabilities}. With "password" the source is asked with it, by an
authentication of QGIS's kind Basic; with "user" as well, by a name and a password in the source.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

os.environ["QT_QPA_PLATFORM"] = "offscreen"
PROFILE = tempfile.mkdtemp(prefix="qgis-")  # QGIS keeps answers from one run to the next
for name in ("XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "HOME"):
    os.environ[name] = PROFILE

import numpy as np  # noqa: E402
from qgis.core import (  # noqa: E402
    Qgis,
    QgsApplication,
    QgsAuthMethodConfig,
    QgsDateTimeRange,
    QgsErrorItem,
    QgsLayerDefinition,
    QgsLayerItem,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsNetworkAccessManager,
    QgsPointXY,
    QgsProject,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
)
from qgis.PyQt.QtCore import QCoreApplication, QDateTime, QEventLoop, QSize, Qt, QTimer  # noqa: E402
from qgis.PyQt.QtGui import QColor, QImage  # noqa: E402

PATIENCE_MS = 20_000
# Where QGIS keeps its connections: until some version after 3.22, and since.
CONNECTIONS = ("qgis/connections-wms", "connections/ows/items/wms/connections/items")
INFO_FORMATS = {
    "text": QgsRaster.IdentifyFormatText,
    "html": QgsRaster.IdentifyFormatHtml,
    "features": QgsRaster.IdentifyFormatFeature,
}


class Desktop:
    """One QGIS, and the addresses that it asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.asked, self.kept = folder, [], []
        QgsNetworkAccessManager.instance().finished.connect(self._heard)

    def _heard(self, reply: object) -> None:
        self.asked.append(reply.request().url().toString())

    def browse(self, address: str) -> dict:
        """Every entry that QGIS's browser has for a connection."""
        for key in CONNECTIONS:
            QgsSettings().setValue(f"{key}/tests/url", address)
        provider = QgsApplication.dataItemProviderRegistry().provider("WMS")
        began, open_items = time.monotonic(), [provider.createDataItem("", None)]
        entries, errors = [], []
        while open_items:
            item = open_items.pop()
            self.kept.append(item)  # QGIS owns them: Python must never free them
            if isinstance(item, QgsErrorItem):
                errors.append(item.name())
            elif isinstance(item, QgsLayerItem):
                entries.append(item.uri())
            else:
                open_items += item.createChildren() or item.children()
        return {"entries": entries, "errors": errors, "seconds": time.monotonic() - began}

    def open(self, job: dict, number: int) -> dict:
        """The layers of a definition, and of the first what the job asks for."""
        definition = Path(PROFILE) / f"{number}.qlr"
        with urlopen(job["open"], timeout=20) as answer:
            definition.write_bytes(answer.read())
        project = QgsProject.instance()
        project.clear()
        root, began = project.layerTreeRoot(), time.monotonic()
        done, error = QgsLayerDefinition.loadLayerDefinition(str(definition), project, root)
        nodes = root.findLayers()
        seen = {
            "loaded": done,
            "error": error,
            "seconds": time.monotonic() - began,
            "groups": [group.name() for group in root.findGroups()],
            "layers": [[n.name(), n.layer().isValid(), n.isVisible()] for n in nodes],
        }
        if not nodes or not nodes[0].layer().isValid():
            return seen
        return seen | self._looked(nodes[0].layer(), job, number)

    def load(self, job: dict, number: int) -> dict:
        """What the job asks for of a layer by the address of its source."""
        layer = QgsRasterLayer(job["source"] + _credentials(job), "layer", "wms")
        seen = {"loaded": layer.isValid()}
        return seen | self._looked(layer, job, number) if layer.isValid() else seen

    def _looked(self, layer: object, job: dict, number: int) -> dict:
        seen = _described(layer)
        self.asked.clear()
        for name, view in job.get("views", {}).items():
            picture = _drawn(layer, view)
            np.save(self.folder / f"{number}-{name}.npy", picture)
        seen["points"] = [_identified(layer, *point) for point in job.get("points", [])]
        if job.get("legend"):
            seen["legend"] = self._legend(layer, number)
        QCoreApplication.processEvents()
        return seen | {"asked": list(self.asked)}

    def _legend(self, layer: object, number: int) -> list | None:
        """Its size; its picture goes into the folder."""
        fetcher = layer.dataProvider().getLegendGraphicFetcher(QgsMapSettings())
        if fetcher is None:
            return None
        loop, got = QEventLoop(), []
        fetcher.finish.connect(lambda image: (got.append(QImage(image)), loop.quit()))
        fetcher.error.connect(lambda _: loop.quit())
        QTimer.singleShot(PATIENCE_MS, loop.quit)
        fetcher.start()
        if not got:
            loop.exec_()
        if not got:
            return None
        np.save(self.folder / f"{number}-legend.npy", _array(got[0]))
        return [got[0].width(), got[0].height()]


def _credentials(job: dict) -> str:
    """What a source says of who asks; QGIS itself keeps the secret of a configuration."""
    password = job.get("password")
    if password is None:
        return ""
    if "user" in job:
        return f"&username={job['user']}&password={password}"
    manager = QgsApplication.authManager()
    if not manager.masterPasswordIsSet():
        manager.setMasterPassword("of this run", True)
    kept = QgsAuthMethodConfig("Basic")
    kept.setName(password)
    kept.setConfig("username", "key")
    kept.setConfig("password", password)
    assert manager.storeAuthenticationConfig(kept)[0]
    return f"&authcfg={kept.id()}"


def _described(layer: object) -> dict:
    extent, times = layer.extent(), layer.dataProvider().temporalCapabilities()
    settings = layer.temporalProperties()
    span = times.availableTemporalRange()
    return {
        "crs": layer.crs().authid(),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "title": layer.metadata().title(),
        "abstract": layer.metadata().abstract(),
        "rights": layer.metadata().rights(),
        "source": layer.source(),
        "animated": settings.isActive(),
        "times": len(times.allAvailableTemporalRanges()),
        "span": [each.toUTC().toString(Qt.ISODate) for each in (span.begin(), span.end())],
    }


def _drawn(layer: object, view: dict) -> np.ndarray:
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(QgsRectangle(*view["bounds"]))
    settings.setOutputSize(QSize(*view["size"]))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(0, 0, 0, 0))
    if view.get("frame"):
        begin, end = (QDateTime.fromString(text, Qt.ISODate) for text in view["frame"])
        settings.setIsTemporal(True)
        settings.setTemporalRange(QgsDateTimeRange(begin, end))
    job, loop = QgsMapRendererParallelJob(settings), QEventLoop()
    job.finished.connect(loop.quit)
    QTimer.singleShot(PATIENCE_MS, loop.quit)
    job.start()
    if job.isActive():
        loop.exec_()
    return _array(job.renderedImage())


def _array(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format_RGBA8888)
    height, width, stride = image.height(), image.width(), image.bytesPerLine()
    rows = np.frombuffer(image.constBits().asstring(height * stride), np.uint8)
    return rows.reshape(height, stride)[:, : 4 * width].reshape(height, width, 4).copy()


def _identified(layer: object, x: float, y: float) -> dict:
    """What the layer tells of a point in its CRS, in each format that QGIS knows of it."""
    provider, extent = layer.dataProvider(), layer.extent()
    seen = {}
    for name, kind in INFO_FORMATS.items():
        result = provider.identify(QgsPointXY(x, y), kind, extent, 512, 512)
        found = list(result.results().values())
        if name == "features":
            stores = [store for each in found for store in each or []]
            seen[name] = [
                {
                    "place": list(feature.geometry().asPoint()),
                    **dict(
                        zip(store.fields().names(), map(str, feature.attributes()), strict=True)
                    ),
                }
                for store in stores
                for feature in store.features()
            ]
        else:
            seen[name] = found
    return seen


def main() -> None:
    """Do the jobs."""
    QgsApplication.setPrefixPath("/usr", True)
    application = QgsApplication([], False, PROFILE)
    application.initQgis()
    desktop, seen = Desktop(Path(sys.argv[1])), []
    for number, job in enumerate(json.load(sys.stdin)):
        if "browse" in job:
            seen.append(desktop.browse(job["browse"]))
        elif "source" in job:
            seen.append(desktop.load(job, number))
        else:
            seen.append(desktop.open(job, number))
    json.dump({"version": Qgis.QGIS_VERSION_INT, "seen": seen}, sys.stdout)
    sys.stdout.flush()
    shutil.rmtree(PROFILE, ignore_errors=True)
    os._exit(0)  # tearing down without a window crashes


main()
