"""Making the copies of a dataset that are laid out for other ways of reading.

what there is            the manifest, and the source as it is now
what is to be built      overviewbuild, seriesbuild: anew, or what was added
in tasks                 task, on threads or a cluster
held to the source       check
published                one object, then what no reader needs is removed
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tileserver.errors import CatalogError
from tileserver.scale import overviewbuild, seriesbuild
from tileserver.scale.check import FEW, MANY, check_overviews, check_series
from tileserver.scale.reading import State, newest
from tileserver.scale.target import Target
from tileserver.scale.task import Estimate, Executor
from tileserver.sources.manifest import Manifest, Overviews, TimeSeries
from tileserver.sources.opening import Origin

log = logging.getLogger(__name__)

OWN_FOLDERS = ("overviews-", "time-series-", "work-")
GRACE_S = 120  # in which servers that go by the manifest before still read what it named: twice
# the time within which they look for changes, unless they are told otherwise
Tell = Callable[[str, int, int], object]  # what is done, tasks that are, and all


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which copies are wanted.

    Args:
        overviews, time_series: None for one that is made where it is of use.
        methods: how variables are summed up, where it is not to be chosen.
    """

    overviews: bool | None = None
    time_series: bool | None = None
    methods: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Optimizer:
    """Brings the copies of one source up to date.

    Args:
        target: the folder of its copies.
        grace_s: how long what was replaced is kept; to who reads it, objects that are gone are
            cells without a value.
    """

    origin: Origin
    target: Target
    wanted: Wanted
    executor: Executor
    tell: Tell = lambda what, done, total: None
    grace_s: int = GRACE_S

    def run(self) -> bool:
        """Build what is lacking and publish it; whether there was anything to do.

        Raises CatalogError, SourceError.
        """
        before, source = self.manifest(), newest(self.origin)
        overviews, series = self._chosen(source)
        if overviews:
            self._bring_overviews(source)
        if series:
            while self._bring_series(source):
                pass
        after = self.manifest()
        if _stores(before) - _stores(after):
            self._wait()
        self._clean(after)
        return before != after

    def manifest(self) -> Manifest:
        """What is published; empty where nothing is."""
        known = self.target.manifest()
        if known is None:
            return Manifest(_name(self.origin), self.origin.group)
        if (known.source, known.group) != (_name(self.origin), self.origin.group):
            raise CatalogError(
                f"to={self.target.url}: the copies there are of {known.source} {known.group}: "
                "name another folder"
            )
        return known

    def estimate(self) -> list[tuple[str, Estimate]]:
        """What a run would take, by what is made; nothing where all is there."""
        known, source = self.manifest(), newest(self.origin)
        found = []
        overviews, along = self._chosen(source)
        if overviews:
            plan = self._plan_overviews(source, known.overviews)
            if plan is not None:
                cost = overviewbuild.estimate_overviews(plan, source, self.target)
                found.append(("overviews", cost))
        if along:
            series = seriesbuild.plan_series(source, self._sound(source, known), self._taken())
            if series is not None:
                found.append(("time series", seriesbuild.estimate(series, source, self.target)))
        return found

    def _chosen(self, source: State) -> tuple[bool, bool]:
        """Whether overviews are made, and a copy along time."""
        can_coarsen = bool(overviewbuild.coarsenable(source.cube))
        has_times = bool(seriesbuild.timed(source.cube))
        if self.wanted.overviews and not can_coarsen:
            raise CatalogError(
                "overviews: no variable needs any: they have coarser levels, are small, or their "
                "cells follow no axes (swaths, HEALPix)"
            )
        if self.wanted.time_series and not has_times:
            raise CatalogError(
                "time series: no variable has several steps along time, in cells that follow axes"
            )
        chosen = (
            can_coarsen if self.wanted.overviews is None else self.wanted.overviews,
            has_times if self.wanted.time_series is None else self.wanted.time_series,
        )
        if not any(chosen):
            raise CatalogError("there is nothing to gain: maps are small, and have one step")
        return chosen

    def _bring_overviews(self, source: State) -> None:
        known = self.manifest()
        plan = self._plan_overviews(source, known.overviews)
        if plan is None:
            if known.overviews is not None and known.overviews.version != source.version:
                stamped = replace(known.overviews, version=source.version)
                self.target.publish(replace(known, overviews=stamped))
            return
        built = overviewbuild.build_overviews(
            plan,
            source,
            self.target,
            self.executor,
            known=known.overviews,
            report=lambda done, total: self.tell("overviews", done, total),
        )
        samples = FEW if plan.steps[0] else MANY
        check_overviews(source, self.target, built, plan.steps, samples=samples)
        self.target.sweep(plan.store)
        self.target.publish(replace(self.manifest(), overviews=built))
        self.target.remove(plan.work)

    def _plan_overviews(self, source: State, known: Overviews | None) -> overviewbuild.Plan | None:
        """What to build; all anew where what is there is not what the source has now."""
        if known is not None and known.version != source.version:
            known = known if self._holds(source, known) else None
        return overviewbuild.plan_overviews(source, self.wanted.methods, known, self._taken())

    def _bring_series(self, source: State) -> bool:
        known = self.manifest()
        sound = self._sound(source, known)
        plan = seriesbuild.plan_series(source, sound, self._taken())
        if plan is None:
            if sound is not None and sound.version != source.version:
                stamped = replace(sound, version=source.version)
                self.target.publish(replace(known, time_series=stamped))
            return False
        built = seriesbuild.build_series(
            plan,
            source,
            self.target,
            self.executor,
            report=lambda done, total: self.tell("time series", done, total),
        )
        samples = FEW if plan.before or plan.merged else MANY
        check_series(source, self.target, built, plan.segment, samples=samples)
        self.target.sweep(plan.segment.store)
        self.target.publish(replace(self.manifest(), time_series=built))
        self.target.remove(plan.work)
        return True

    def _sound(self, source: State, known: Manifest) -> TimeSeries | None:
        """The copy along time that is published, if it is of the data as they are now."""
        series = known.time_series
        if series is None or series.version == source.version:
            return series

        return series if self._holds(source, series) else None

    def _holds(self, source: State, copy: Overviews | TimeSeries) -> bool:
        """Whether a copy is of the data as they are now."""
        try:
            if isinstance(copy, Overviews):
                check_overviews(source, self.target, copy, (0, copy.steps or 0), samples=FEW)
            else:
                for segment in copy.segments:
                    check_series(source, self.target, copy, segment, samples=FEW)
        except CatalogError as error:
            log.info("what is published is not of the data any more: %s", error)
            return False
        return True

    def _taken(self) -> set[str]:
        """The folders that readers use."""
        return _folders(self.manifest())

    def _obsolete(self, manifest: Manifest) -> list[str]:
        """What no reader needs any more, of what was made here."""
        named = _folders(manifest)
        found = [
            name
            for name in self.target.folders()
            if name.startswith(OWN_FOLDERS) and name not in named
        ]
        if manifest.time_series is not None:
            stores = _stores(manifest)
            names = [segment.store for segment in manifest.time_series.segments]
            for folder in sorted({name.partition("/")[0] for name in names}):
                inside = {key.split("/")[1] for key in self.target.keys(f"{folder}/")}
                found += [f"{folder}/{n}" for n in sorted(inside) if f"{folder}/{n}" not in stores]
        return found

    def _wait(self) -> None:
        for second in range(self.grace_s):
            self.tell("until servers read what is new", second, self.grace_s)
            time.sleep(1)
        self.tell("until servers read what is new", self.grace_s, self.grace_s)

    def _clean(self, manifest: Manifest) -> None:
        for folder in self._obsolete(manifest):
            self.target.remove(folder)


def _name(origin: Origin) -> str:
    """Of the source, wherever it lies: it may be moved with its copies."""
    return origin.urls[0].rstrip("/").rpartition("/")[2]


def _stores(manifest: Manifest) -> set[str]:
    """What a manifest names."""
    stores = set() if manifest.overviews is None else {manifest.overviews.store}
    if manifest.time_series is not None:
        stores |= {segment.store for segment in manifest.time_series.segments}
    return stores


def _folders(manifest: Manifest) -> set[str]:
    return {store.partition("/")[0] for store in _stores(manifest)}
