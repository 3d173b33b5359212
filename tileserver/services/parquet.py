"""A time series of features as a table of Parquet: a row for each feature and time."""

from __future__ import annotations

import asyncio
import importlib.util
import io
from collections.abc import AsyncIterable
from typing import Any

import numpy as np
import orjson

from tileserver.errors import InvalidParameter
from tileserver.services.featureseries import FeatureSeries
from tileserver.services.seriesrequest import Request

ROWS_AT_ONCE = 1 << 18  # of a row group


async def to_parquet(request: Request, found: AsyncIterable[list[FeatureSeries]]) -> bytes:
    """Columns `feature` (its number), `id`, `properties` (JSON), `time` (UTC), and the values.

    Raises InvalidParameter where pyarrow is not installed.
    """
    check_installed()
    # In threads: others are served while a hundred thousand rows are written.
    table = await asyncio.to_thread(_Table, request)
    waiting: list[FeatureSeries] = []
    async for some in found:
        waiting += some
        if len(waiting) * len(request.times) >= ROWS_AT_ONCE:
            await asyncio.to_thread(table.write, waiting)
            waiting = []
    return await asyncio.to_thread(table.end, waiting)


class _Table:
    """A file that is being written."""

    def __init__(self, request: Request) -> None:
        import pyarrow as pa  # an extra, and 50 MB
        import pyarrow.parquet as pq

        self._request = request
        self._names = list(dict.fromkeys(n for t in request.targets for n in request.names(t)))
        self._schema = pa.schema(
            [
                ("feature", pa.int64()),
                ("id", pa.string()),
                ("properties", pa.string()),
                ("time", pa.string()),
                *((name, pa.float64()) for name in self._names),
            ],
            metadata={"variable": request.layer.id, "units": request.layer.units or ""},
        )
        self._table = pa.table
        self._out = io.BytesIO()
        self._writer = pq.ParquetWriter(self._out, self._schema, compression="zstd")

    def write(self, found: list[FeatureSeries]) -> None:
        """Add the rows of some features."""
        columns = _columns(self._request, found, self._names)
        self._writer.write_table(self._table(columns, schema=self._schema))

    def end(self, found: list[FeatureSeries]) -> bytes:
        """The file, with the last rows."""
        self.write(found)
        self._writer.close()
        return self._out.getvalue()


def check_installed() -> None:
    """Raises InvalidParameter where pyarrow is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        raise InvalidParameter(
            "f", "parquet", "this server cannot write it: install tileserver[parquet]"
        )


def _columns(request: Request, found: list[FeatureSeries], names: list[str]) -> dict[str, Any]:
    steps = len(request.times)
    features = [request.targets[each.number].feature for each in found]
    properties = [orjson.dumps(dict(f.properties)).decode() for f in features]
    lacking = np.full(steps, np.nan)

    def column(name: str) -> Any:
        parts = [each.values.get(name, lacking) for each in found]
        return np.concatenate(parts) if parts else np.empty(0)

    return {
        "feature": np.repeat([each.number for each in found], steps).astype(np.int64),
        "id": [None if f.id is None else str(f.id) for f in features for _ in range(steps)],
        "properties": [text for text in properties for _ in range(steps)],
        "time": list(request.times) * len(found),
        **{name: column(name) for name in names},
    }
