"""The connections of one process: how many there are, whose, and whether they are to end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

from tileserver.http.shedding import Shedder


class Member(Protocol):
    """A connection."""

    def shutdown(self) -> None:
        """Close it, when what is asked on it is answered."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may take, and how many there may be.

    Args:
        headers_s: until the head of a request is whole.
        idle_s: between an answer and the next request.
        body_s: until a body is whole, and again for each BODY_RATE bytes a second of it.
        stall_s: in which some of an answer has to be taken by who waits for it.
        url_bytes, header_bytes, header_fields: of the head of a request.
        body_bytes: of its body.
        connections: of the process.
        client_connections: of these, from one address that is no trusted proxy.
        trusted_proxies: their addresses or networks.
    """

    headers_s: float = 10.0
    idle_s: float = 30.0
    body_s: float = 20.0
    stall_s: float = 30.0
    url_bytes: int = 32 << 10
    header_bytes: int = 32 << 10
    header_fields: int = 100
    body_bytes: int = 8 << 20
    connections: int = 4000
    client_connections: int = 1000
    trusted_proxies: tuple[str, ...] = ()


class Crowd:
    """All connections. Belongs to one event loop.

    Attributes:
        shedder: says which requests are one too many.
        is_ending: whether the process is: answers then close their connections.
        is_draining: whether it still takes new ones all the same, and leaves those that are idle.
        refused, cut: connections that were one too many, and that were closed at a deadline,
            since the start.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.members: set[Member] = set()
        self._of: Counter[str] = Counter()
        self.shedder = Shedder()
        self.is_ending = self.is_draining = False
        self.refused = self.cut = 0

    def enter(self, member: Member, address: str) -> bool:
        """One more, from an address that counts or from "". Returns whether it may stay."""
        self.members.add(member)
        if address:
            self._of[address] += 1
        fits = len(self.members) <= self.limits.connections
        may_stay = fits and self._of[address] <= self.limits.client_connections
        self.refused += not may_stay
        return may_stay

    def leave(self, member: Member, address: str) -> None:
        """One less."""
        self.members.discard(member)
        if self._of[address] > 1:
            self._of[address] -= 1
        else:
            del self._of[address]

    def close_idle(self) -> None:
        """Close those on which nothing is asked, the others after their answers."""
        for member in list(self.members):
            member.shutdown()
