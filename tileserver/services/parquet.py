"""A time series of features as a table of Parquet: a row for each feature and time."""

from __future__ import annotations

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
    import pyarrow as pa  # an extra, and 50 MB
    import pyarrow.parquet as pq

    names = list(dict.fromkeys(n for t in request.targets for n in request.names(t)))
    schema = pa.schema(
        [
            ("feature", pa.int64()),
            ("id", pa.string()),
            ("properties", pa.string()),
            ("time", pa.string()),
            *((name, pa.float64()) for name in names),
        ],
        metadata={"variable": request.layer.id, "units": request.layer.units or ""},
    )
    out = io.BytesIO()
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        waiting: list[FeatureSeries] = []
        async for some in found:
            waiting += some
            if len(waiting) * len(request.times) >= ROWS_AT_ONCE:
                writer.write_table(pa.table(_columns(request, waiting, names), schema=schema))
                waiting = []
        writer.write_table(pa.table(_columns(request, waiting, names), schema=schema))
    return out.getvalue()


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
