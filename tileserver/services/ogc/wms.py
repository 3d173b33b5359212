"""WMS 1.3.0 (OGC 06-042) and 1.1.1 (OGC 01-068r3): the capabilities document.

Its layers are a tree: themes, in them datasets, in them layers. Only the last can be drawn; what
they have in common stands at their parents.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tileserver.config import ContactConfig, ServiceConfig
from tileserver.grid import Bounds
from tileserver.services.ogc import wms_layer
from tileserver.services.ogc.wms_crs import NamedCrs
from tileserver.services.ogc.wms_layer import Branch, online
from tileserver.services.ogc.wms_profile import (
    ANIMATIONS,
    EXCEPTIONS,
    INFO_FORMATS,
    LAYER_LIMIT,
    LEGEND_FORMATS,
    MAP_FORMATS,
    NEWEST,
)
from tileserver.services.ogc.xml import BASE_URL, XLINK, document, element, leaf, placed

NAMESPACE = "http://www.opengis.net/wms"
SLD = "http://www.opengis.net/sld"
SCHEMAS = "http://schemas.opengis.net"
DOCTYPE = f'<!DOCTYPE WMT_MS_Capabilities SYSTEM "{SCHEMAS}/wms/1.1.1/capabilities_1_1_1.dtd">\n'
MOST_CHARACTERS = 1_000_000  # of layers with all values of their dimensions
# Of the document itself, the default first.
MEDIA_TYPES: Mapping[str, tuple[str, ...]] = {
    "1.3.0": ("text/xml",),
    "1.1.1": ("application/vnd.ogc.wms_xml", "text/xml"),
}


@dataclass(frozen=True, slots=True)
class Service:
    """What a document says of the service.

    Args:
        base_url: of the server, without a slash at its end.
        path: of this document, e.g. /wms or /wms/sst.
        update_sequence: changes whenever the document does.
        largest_side: of a map, in pixels.
    """

    told: ServiceConfig
    base_url: str
    path: str
    update_sequence: str
    largest_side: int


def capabilities(
    version: str, service: Service, places: Sequence[NamedCrs], branches: Sequence[Branch]
) -> bytes:
    """The document.

    Args:
        places: the CRSs that every layer is offered in.
    """
    parts = [
        _service(version, service),
        element(
            "Capability",
            [
                _operations(version, service.path),
                element("Exception", [leaf("Format", each) for each in EXCEPTIONS[version]]),
                _root_layer(version, service, places, branches),
            ],
        ),
    ]
    about = {"version": version, "updateSequence": service.update_sequence}
    if version == NEWEST:
        schemas = (
            f"{NAMESPACE} {SCHEMAS}/wms/1.3.0/capabilities_1_3_0.xsd"
            f" {SLD} {SCHEMAS}/sld/1.1.0/sld_capabilities.xsd"
        )
        about |= {
            "xmlns": NAMESPACE,
            "xmlns:sld": SLD,
            "xmlns:xlink": XLINK,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": schemas,
        }
        text = element("WMS_Capabilities", parts, about)
    else:
        text = DOCTYPE + element("WMT_MS_Capabilities", parts, about)
    return placed(document(text), service.base_url)


def _service(version: str, service: Service) -> str:
    told = service.told
    parts = [
        leaf("Name", "WMS" if version == NEWEST else "OGC:WMS"),
        leaf("Title", told.title),
        leaf("Abstract", told.abstract) if told.abstract else "",
        wms_layer.keyword_list(told.keywords),
        online(told.provider_url or f"{BASE_URL}{service.path}", version),
    ]
    if told.contact is not None:
        parts.append(_contact(told.contact, told.provider or ""))
    parts.append(leaf("Fees", told.fees) if told.fees else "")
    parts.append(leaf("AccessConstraints", told.access_constraints or "none"))
    if version == NEWEST:
        parts += [
            leaf("LayerLimit", LAYER_LIMIT),
            leaf("MaxWidth", service.largest_side),
            leaf("MaxHeight", service.largest_side),
        ]
    return element("Service", parts)


def _contact(contact: ContactConfig, provider: str) -> str:
    """Whom to ask; of a person or an address the schema wants every part, empty where unknown."""
    person = {
        "ContactPerson": contact.name,
        "ContactOrganization": contact.organization or provider,
    }
    address = {
        "Address": contact.street,
        "City": contact.city,
        "StateOrProvince": contact.region,
        "PostCode": contact.postcode,
        "Country": contact.country,
    }
    single = {
        "ContactVoiceTelephone": contact.phone,
        "ContactElectronicMailAddress": contact.email,
    }
    parts = [
        _whole("ContactPersonPrimary", person),
        leaf("ContactPosition", contact.position) if contact.position else "",
    ]
    if any(address.values()):
        parts.append(_whole("ContactAddress", {"AddressType": "postal"} | address))
    parts += [leaf(name, text) for name, text in single.items() if text]
    return element("ContactInformation", parts)


def _whole(name: str, texts: Mapping[str, str | None]) -> str:
    return element(name, [leaf(each, text or "") for each, text in texts.items()])


def _operations(version: str, path: str) -> str:
    link = online(f"{BASE_URL}{path}?", version)
    ways = element("DCPType", [element("HTTP", [element("Get", [link])])])
    legend = "sld:GetLegendGraphic" if version == NEWEST else "GetLegendGraphic"
    operations: dict[str, Iterable[str]] = {
        "GetCapabilities": MEDIA_TYPES[version],
        "GetMap": (*MAP_FORMATS, *ANIMATIONS),
        "GetFeatureInfo": INFO_FORMATS,
        legend: LEGEND_FORMATS,
    }
    written = [
        element(name, [*(leaf("Format", each) for each in formats), ways])
        for name, formats in operations.items()
    ]
    return element("Request", written)


def _root_layer(
    version: str, service: Service, places: Sequence[NamedCrs], branches: Sequence[Branch]
) -> str:
    bbox = _around([branch.bbox for branch in branches])
    large = sum(len(branch.text) for branch in branches) > MOST_CHARACTERS
    boxes = [wms_layer.bounding_box(*box, version) for box in wms_layer.world_boxes(bbox)]
    parts = [
        leaf("Title", service.told.title),
        *wms_layer.crs_names(places, version),
        wms_layer.geographic_box(bbox, version),
        *boxes,
        *_themed([(branch.theme, branch.brief if large else branch.text) for branch in branches]),
    ]
    return element("Layer", parts)


def _around(boxes: Sequence[Bounds]) -> Bounds:
    """A box that holds all; the world where there are none, or one crosses 180°."""
    if not boxes or any(west > east for west, _, east, _ in boxes):
        return wms_layer.WORLD
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _themed(found: Sequence[tuple[tuple[str, ...], str]]) -> list[str]:
    """Elements below one of the tree: its themes, then what lies in none."""
    below: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for names, text in found:
        if names:
            below.setdefault(names[0], []).append((names[1:], text))
    themes = [
        element("Layer", [leaf("Title", name), *_themed(inner)]) for name, inner in below.items()
    ]
    return themes + [text for names, text in found if not names]
