"""What a group sees of the groups around it: names, coordinates and the CRS, nearest first.

As in netCDF-4 and CF (section 2.7), a name that a group lacks is looked for in its parent, and so
on. A CRS is passed down, a transform is not: below lie grids of other sizes.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, field

from tileserver.sources.zarr.hierarchy import Document, Hierarchy, ancestry, parent

CRS_KEYS = ("proj:code", "proj:epsg", "proj:wkt2", "proj:projjson", "crs_wkt", "spatial_ref")
PASSED_DOWN = (*CRS_KEYS, "spatial:dimensions", "spatial:registration")
DEGREES = ("degrees_east", "degree_east", "degrees_north", "degree_north")

Names = Mapping[str, Document]


@dataclass(frozen=True, slots=True)
class Scope:
    """Attributes by name, as they are seen from a group.

    Args:
        members: of each group, the paths of arrays and groups in it by name.
    """

    hierarchy: Hierarchy
    members: Mapping[str, Mapping[str, str]]
    _seen: dict[tuple[str, bool], Names] = field(default_factory=dict)

    @classmethod
    def of(cls, hierarchy: Hierarchy) -> Scope:
        """That of a hierarchy."""
        members: dict[str, dict[str, str]] = {}
        for path in hierarchy.attrs:
            if path:
                members.setdefault(parent(path), {})[path.rpartition("/")[2]] = path
        return cls(hierarchy, members)

    def find(self, group: str, name: str) -> str | None:
        """The path of the array that a name means in a group."""
        while True:
            path = self.members.get(group, {}).get(name)
            if path is not None and path in self.hierarchy.arrays:
                return path
            if not group:
                return None
            group = parent(group)

    def across(self, group: str, name: str) -> str | None:
        """The same, else an array of that name in a group beside, the nearest (CF 2.7.2)."""
        found = self.find(group, name)
        if found is not None:
            return found
        others = [path for path in self.hierarchy.arrays if path.endswith(f"/{name}")]
        way = set(ancestry(group))
        return min(others, key=lambda p: (-len(way & set(ancestry(p))), p), default=None)

    def names(self, group: str, *, from_above: bool = False) -> Names:
        """Attributes by name; those of the group itself are called "".

        Args:
            from_above: as an inner group sees it, without what belongs to this grid alone.
        """
        key = (group, from_above)
        if key not in self._seen:
            self._seen[key] = self._names(group, from_above)
        return self._seen[key]

    def _names(self, group: str, from_above: bool) -> Names:
        attrs = self.hierarchy.attrs
        own = {name: attrs[path] for name, path in self.members.get(group, {}).items()}
        about = {**_product_crs(attrs.get(group, {})), **attrs.get(group, {})}
        if from_above:
            own = {name: _placeless(each) for name, each in own.items()}
            about = {key: about[key] for key in PASSED_DOWN if key in about}
        if not group:
            return {**own, "": about}
        above = self.names(parent(group), from_above=True)
        if not any(key in about for key in CRS_KEYS):
            about = {**above[""], **about}
        return ChainMap({**own, "": about}, above)  # type: ignore[arg-type]


def _placeless(attrs: Document) -> Document:
    """Without GDAL's transform, which a grid mapping may hold."""
    return (
        {k: v for k, v in attrs.items() if k != "GeoTransform"}
        if "GeoTransform" in attrs
        else attrs
    )


def _product_crs(attrs: Document) -> Document:
    """The CRS of an EOPF product: that of its STAC item."""
    item = attrs.get("stac_discovery")
    about = item.get("properties") if isinstance(item, dict) else None
    if not isinstance(about, dict):
        return {}
    return {key: about[key] for key in CRS_KEYS[:4] if about.get(key)}


def without_crs(names: Names) -> Names:
    """The same but for the CRS of groups, for arrays that lie on longitudes and latitudes."""
    about = {k: v for k, v in names[""].items() if k not in CRS_KEYS}
    return ChainMap({"": about}, names)  # type: ignore[arg-type]


def are_degrees(dims: tuple[str, ...], names: Names) -> bool:
    """Whether dimensions are longitudes and latitudes by their units, standard names or names."""
    found = 0
    for dim in dims:
        attrs = names.get(dim, {})
        units = str(attrs.get("units", "")).lower()
        told = attrs.get("standard_name") in ("longitude", "latitude") or units in DEGREES
        found += told or dim.lower() in ("lon", "lat", "longitude", "latitude")
    return found >= 2
