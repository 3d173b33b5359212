"""At which addresses of the network data may be read."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Where clouds tell machines their secrets, beside the link-local addresses.
METADATA = (ip_address("fd00:ec2::254"), ip_address("100.100.100.200"), ip_address("192.0.0.192"))
NAT64 = ip_network("64:ff9b::/96")  # RFC 6052, section 2.1: the last 32 bits are IPv4's


def refusal(address: str, *, private: bool) -> str:
    """Why an address may not be read from; nothing where it may.

    Args:
        private: those of this machine and its networks may, but never the cloud's own service.
    """
    known = _inner(ip_address(address.partition("%")[0]))
    if known.is_link_local or known.is_multicast or known.is_unspecified or known in METADATA:
        return "link-local addresses are refused"
    if not private and not known.is_global:
        return "private addresses are refused: name a storage with allow_private: true"
    return ""


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that one of IPv6 stands for, else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
