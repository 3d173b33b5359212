"""The result of a job, put together from its parts, of which it holds only some at once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
import orjson

from tileserver.axis import Floats
from tileserver.geometry import Feature
from tileserver.jobs.folder import JobFolder
from tileserver.jobs.order import Output
from tileserver.jobs.part import NUMBER_BYTES, Layout
from tileserver.services.featureseries import FeatureSeries
from tileserver.services.featuretable import to_csv, to_json, to_ndjson
from tileserver.services.parquet import to_parquet
from tileserver.services.seriesrequest import Request, Target

BLOCK_BYTES = 64 << 20

MEDIA_TYPES: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}


def name_of(output: Output) -> str:
    """The file of a result."""
    return f"result.{output}"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What the parts of a job say together.

    Args:
        request: its steps; its features are put in here.
    """

    folder: JobFolder
    layout: Layout
    names: tuple[str, ...]
    features: Sequence[Feature]
    request: Request

    async def write(self, dataset: str, output: Output) -> int:
        """Write the file; its size. Raises OSError, of parts that have vanished too."""
        targets = tuple(Target(feature, None) for feature in self.features)
        request = replace(self.request, targets=targets)
        path = self.folder.path / name_of(output)
        beside = path.with_name(f".{path.name}")
        try:
            with beside.open("wb") as file:
                await self._write(file, dataset, request, output)
            size = beside.stat().st_size
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
        return size

    async def _write(self, file: BinaryIO, dataset: str, request: Request, output: Output) -> None:
        found = self._found(request)
        if output == "parquet":
            file.write(await to_parquet(request, found))
        elif output == "json":
            file.write(orjson.dumps(await to_json(dataset, request, found)))
        elif output == "csv":
            async for text in to_csv(request, found):
                file.write(text.encode())
        else:
            async for lines in to_ndjson(dataset, request, found):
                file.write(lines)

    async def _found(self, request: Request) -> AsyncIterator[list[FeatureSeries]]:
        """The series in the order of the features, some at once."""
        each = len(self.names) * self.layout.steps * NUMBER_BYTES
        count = max(1, BLOCK_BYTES // each)
        for first in range(0, len(self.features), count):
            numbers = range(first, min(first + count, len(self.features)))
            values = self._values(numbers)
            yield [self._series(request, n, values[n - first]) for n in numbers]

    def _series(self, request: Request, number: int, values: Floats) -> FeatureSeries:
        names = request.names(request.targets[number])
        return FeatureSeries(number, {n: values[self.names.index(n)] for n in names})

    def _values(self, numbers: range) -> Floats:
        """The numbers (features, names, steps) of some features."""
        out = np.empty((len(numbers), len(self.names), self.layout.steps))
        for part, (group, steps) in enumerate(self.layout.slices):
            rows = list(self._rows(group, numbers))
            if not rows:
                continue
            shape = (len(self.names), steps.stop - steps.start)
            nbytes = shape[0] * shape[1] * NUMBER_BYTES
            with self.folder.part(part).open("rb") as file:
                for row, to in rows:
                    file.seek(row * nbytes)
                    out[to, :, steps] = np.frombuffer(file.read(nbytes)).reshape(shape)
        return out

    def _rows(self, group: int, numbers: range) -> Iterator[tuple[int, int]]:
        """For each feature that is both in a group and among the numbers its places in the two."""
        for row, number in enumerate(self.layout.groups[group].numbers):
            if number in numbers:
                yield row, number - numbers.start


def part_sizes(layout: Layout, names: tuple[str, ...]) -> list[int]:
    """The bytes of each part."""
    return [
        len(layout.groups[group].numbers) * len(names) * (steps.stop - steps.start) * NUMBER_BYTES
        for group, steps in layout.slices
    ]
