"""What the capabilities of WMTS say, read without our own code."""

from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree

import httpx2 as httpx

NAMES = {"": "http://www.opengis.net/wmts/1.0", "ows": "http://www.opengis.net/ows/1.1"}
PIXEL_M = 0.28e-3  # of a scale denominator
METRES_PER_DEGREE = 111319.49079327358


@dataclass(frozen=True, slots=True)
class Document:
    """The capabilities of all datasets."""

    root: ElementTree.Element

    @classmethod
    def of(cls, base: str) -> "Document":
        """That of a server, by REST."""
        answer = httpx.get(f"{base}/wmts/1.0.0/WMTSCapabilities.xml", trust_env=False)
        assert answer.status_code == 200, answer.text
        return cls(ElementTree.fromstring(answer.content))

    def tile_bounds(self, matrix_set: str, z: int, x: int, y: int) -> list[float]:
        """(west, south, east, north) of a tile, in the set's CRS."""
        tiles = self._one(f"Contents/TileMatrixSet[ows:Identifier='{matrix_set}']")
        crs = tiles.findtext("ows:SupportedCRS", "", NAMES)
        matrix = tiles.find(f"TileMatrix[ows:Identifier='{z}']", NAMES)
        assert matrix is not None
        unit = METRES_PER_DEGREE if crs.endswith("CRS84") else 1.0
        scale = float(matrix.findtext("ScaleDenominator", "", NAMES))
        side = 256 * scale * PIXEL_M / unit
        left, top = map(float, matrix.findtext("TopLeftCorner", "", NAMES).split())
        return [left + x * side, top - (y + 1) * side, left + (x + 1) * side, top - y * side]

    def legend_size(self, layer: str) -> tuple[int, int]:
        """(width, height) of the legend of a layer's first style."""
        legend = self._one(f"Contents/Layer[ows:Identifier='{layer}']/Style/LegendURL")
        return int(legend.attrib["width"]), int(legend.attrib["height"])

    def without(self, name: str) -> bytes:
        """The document without some elements."""
        root = deepcopy(self.root)
        for parent in list(root.iter()):
            for child in parent.findall(name, NAMES):
                parent.remove(child)
        return ElementTree.tostring(root)

    def _one(self, path: str) -> ElementTree.Element:
        found = self.root.find(path, NAMES)
        assert found is not None, path
        return found
