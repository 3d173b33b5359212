"""What is found, what it is called, and how much of it is looked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import chain, count
from time import monotonic
from typing import Literal
from urllib.parse import urlsplit

Kind = Literal["zarr", "icechunk", "tiff", "netcdf", "references", "stac", "stack"]

LONGEST_ID = 128  # as the catalogue takes them
MOST = 1000
MOST_LOOKS = 2000
DEPTH = 6
WITHIN_S = 25.0


@dataclass(frozen=True, slots=True)
class Found:
    """Something that can be registered.

    Args:
        id: made of its place below what was searched, so that it is the same the next time.
        time_pattern: of a stack.
    """

    id: str
    url: str
    kind: Kind
    title: str | None = None
    time_pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far to look.

    Args:
        most: datasets that are found.
        looks: folders that are listed, or documents that are read.
        depth: folders below the first.
    """

    most: int = MOST
    looks: int = MOST_LOOKS
    depth: int = DEPTH
    within_s: float = WITHIN_S


@dataclass(slots=True, eq=False)
class Findings:
    """What was found so far.

    `missed` says what was not looked at, and why.
    """

    bounds: Bounds
    missed: list[str] = field(default_factory=list)
    _found: dict[str, Found] = field(default_factory=dict)  # by URL
    _looks: int = 0
    _begun: float = field(default_factory=monotonic)

    def datasets(self) -> list[Found]:
        """All, by their ids, which are made unlike where they are alike."""
        taken: set[str] = set()
        told = []
        for each in sorted(self._found.values(), key=lambda each: (each.id, each.url)):
            stem = each.id[: LONGEST_ID - 6]
            names = chain([each.id], (f"{stem}-{number}" for number in count(2)))
            own = next(name for name in names if name not in taken)
            taken.add(own)
            told.append(replace(each, id=own))
        return told

    def add(self, found: Found) -> None:
        """One more, if there may be more."""
        if found.url in self._found:
            return
        if len(self._found) >= self.bounds.most:
            self.miss(f"datasets beyond the first {self.bounds.most}: narrow the url")
            return
        self._found[found.url] = found

    def may_look(self) -> bool:
        """Whether to look at one more folder or document; counts it."""
        bounds = self.bounds
        if len(self._found) >= bounds.most:
            self.miss(f"datasets beyond the first {bounds.most}: narrow the url")
        elif self._looks >= bounds.looks:
            self.miss(f"folders or documents beyond the first {bounds.looks}: narrow the url")
        elif self.left_s <= 0:
            self.miss(f"what takes longer than {bounds.within_s:g} s: narrow the url")
        else:
            self._looks += 1
            return True
        return False

    @property
    def left_s(self) -> float:
        """How long may still be looked."""
        return self.bounds.within_s - (monotonic() - self._begun)

    def miss(self, text: str) -> None:
        """Say what was not looked at, once."""
        if text not in self.missed:
            self.missed.append(text)


def make_id(text: str) -> str:
    """A name or path made fit to be a dataset's id."""
    fit = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-._")
    return re.sub(r"[-_]*-[-_]*", "-", fit)[:LONGEST_ID].rstrip("-._") or "dataset"


def own_id(url: str) -> str:
    """An id after the last name of a URL."""
    parts = urlsplit(url.rstrip("/"))
    return make_id(stem_of(parts.path.rpartition("/")[2] or parts.netloc))


def stem_of(path: str) -> str:
    """A path without the ending of its name."""
    folder, slash, name = path.rstrip("/").rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}"
