"""Clients of EDR, as they are."""

from __future__ import annotations

import numpy as np
from owslib.ogcapi.edr import EnvironmentalDataRetrieval

from tests.edr.conftest import Edr, values


def test_owslib(edr: Edr) -> None:
    """Lists the collections and asks them, with its own name for parameters too."""
    client = EnvironmentalDataRetrieval(str(edr.client.base_url))
    assert set(client.data()) >= {"sea", "scene", "globe"}
    assert client.collection("sea")["title"] == "A sea"
    answer = client.query_data(
        "sea",
        "position",
        coords="POINT(3.1 54.6)",
        parameter_names=["level"],
        datetime_="2024-01-02T00:00:00Z/..",
    )
    expected = edr.open("sea").level.sel(lon=3.1, lat=54.6, method="nearest").isel(time=slice(2, 6))
    np.testing.assert_allclose(values(answer, "level"), expected, rtol=1e-6)
    box = client.query_data("sea", "cube", bbox=[0, 52, 1, 53], parameter_names=["floor"])
    assert len(values(box, "floor")) == 4
