"""What a WMTS document says of the service, its operations and whom to ask (OGC 06-121r3, 7.4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tileserver.config import ContactConfig, ServiceConfig
from tileserver.services.ogc.xml import element, leaf

VERSION = "1.0.0"
OPERATIONS = ("GetCapabilities", "GetTile", "GetFeatureInfo")


@dataclass(frozen=True, slots=True)
class Service:
    """What the document says of the service.

    Args:
        told: what the catalogue says; of one dataset's document, that of the dataset.
        base_url: of the server, without a slash at its end.
        path: of this document's KVP address, e.g. /wmts or /wmts/sst.
        update_sequence: changes whenever the document does.
    """

    told: ServiceConfig
    base_url: str
    path: str
    update_sequence: str


def identification(service: Service) -> str:
    """Its title, what it is about, what it costs."""
    told = service.told
    parts = [
        *described(told.title, told.abstract, told.keywords),
        leaf("ows:ServiceType", "OGC WMTS"),
        leaf("ows:ServiceTypeVersion", VERSION),
        _leaf("ows:Fees", told.fees),
        _leaf("ows:AccessConstraints", told.access_constraints),
    ]
    return element("ows:ServiceIdentification", parts)


def described(title: str, abstract: str | None, keywords: Iterable[str]) -> list[str]:
    """A title, an abstract and keywords, as far as they are there."""
    words = [leaf("ows:Keyword", word) for word in keywords]
    return [
        leaf("ows:Title", title),
        _leaf("ows:Abstract", abstract),
        element("ows:Keywords", words) if words else "",
    ]


def provider(service: Service) -> str:
    """Who offers it, and whom to ask."""
    told = service.told
    site = element("ows:ProviderSite", attributes=_href(told.provider_url))
    parts = [
        leaf("ows:ProviderName", told.provider or told.title),
        site if told.provider_url else "",
        _contact(told.contact or ContactConfig()),
    ]
    return element("ows:ServiceProvider", parts)


def _contact(contact: ContactConfig) -> str:
    """A person or a post; the standard knows no organization beside the provider."""
    phone = _filled("ows:Phone", [_leaf("ows:Voice", contact.phone)])
    address = [
        _leaf("ows:DeliveryPoint", contact.street),
        _leaf("ows:City", contact.city),
        _leaf("ows:AdministrativeArea", contact.region),
        _leaf("ows:PostalCode", contact.postcode),
        _leaf("ows:Country", contact.country),
        _leaf("ows:ElectronicMailAddress", contact.email),
    ]
    page = element("ows:OnlineResource", attributes=_href(contact.url))
    ways = [
        phone,
        _filled("ows:Address", address),
        page if contact.url else "",
        _leaf("ows:HoursOfService", contact.hours),
        _leaf("ows:ContactInstructions", contact.instructions),
    ]
    parts = [
        _leaf("ows:IndividualName", contact.name or contact.organization),
        _leaf("ows:PositionName", contact.position),
        _filled("ows:ContactInfo", ways),
    ]
    return element("ows:ServiceContact", parts)


def operations(service: Service) -> str:
    """Where each operation is asked for, by KVP alone."""
    values = element("ows:AllowedValues", [leaf("ows:Value", "KVP")])
    constraint = element("ows:Constraint", [values], {"name": "GetEncoding"})
    href = _href(f"{service.base_url}{service.path}?")
    http = element("ows:HTTP", [element("ows:Get", [constraint], href)])
    ways = [element("ows:DCP", [http])]
    written = [element("ows:Operation", ways, {"name": name}) for name in OPERATIONS]
    return element("ows:OperationsMetadata", written)


def metadata_url(service: Service) -> str:
    """Where the document lies by REST."""
    href = f"{service.base_url}{service.path}/{VERSION}/WMTSCapabilities.xml"
    return element("ServiceMetadataURL", attributes=_href(href))


def _href(url: str | None) -> dict[str, str]:
    return {"xlink:href": url or ""}


def _leaf(name: str, text: str | None) -> str:
    return leaf(name, text) if text else ""


def _filled(name: str, parts: list[str]) -> str:
    return element(name, parts) if any(parts) else ""
