"""Who asks: a name, the roles that open datasets, and the scopes that open doors."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["read", "refresh", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request, as far as is known.

    Args:
        name: a key's name or a token's subject, "" of who has shown nothing. It stands in logs.
        roles: which datasets may be seen beside the public ones.
        scopes: what may be done; only with `read` do roles count.
        granted: datasets that a signature opens whatever the roles.
    """

    name: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset({"read"})
    granted: frozenset[str] = frozenset()

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing was shown that tells who it is."""
        return not self.name

    def may(self, scope: str) -> bool:
        """Whether something may be done; who administers may also refresh."""
        return scope in self.scopes or (scope == "refresh" and "admin" in self.scopes)

    def may_see(self, dataset: str, roles: Collection[str]) -> bool:
        """Whether a dataset that is kept to some roles may be seen."""
        return dataset in self.granted or (
            "read" in self.scopes and not self.roles.isdisjoint(roles)
        )


ANONYMOUS = Caller()
ADMIN = Caller("admin", scopes=frozenset(SCOPES))
