"""Texts of query parameters become values, or errors that name parameter, value and remedy."""

import pytest

from tileserver.algorithm import Algorithm, Hillshade, Slope
from tileserver.errors import InvalidParameter
from tileserver.http.params import ALGORITHM, ALGORITHM_PARAMS, LONGEST_OBJECT, Query


def algorithm(**texts: str) -> Algorithm | None:
    return Query(list(texts.items()), (ALGORITHM, ALGORITHM_PARAMS)).algorithm()


def test_algorithm_is_found_by_name() -> None:
    """None where there is none; its parameters are JSON."""
    assert algorithm() is None
    assert algorithm(algorithm="hillshade") == Hillshade()
    found = algorithm(algorithm="hillshade", algorithm_params='{"azimuth": 45, "buffer": 3}')
    assert found == Hillshade(azimuth=45.0)
    found = algorithm(algorithm="slope", algorithm_params='{"units": "percent"}')
    assert found == Slope(units="percent")


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"algorithm": "shade"}, "algorithm='shade': expected hillshade or slope"),
        ({"algorithm": ""}, "algorithm='': expected hillshade or slope"),
        ({"algorithm_params": "{}"}, "algorithm_params=.*only with algorithm"),
        ({"algorithm": "slope", "algorithm_params": ""}, "algorithm_params='': expected a JSON"),
        ({"algorithm": "slope", "algorithm_params": "[1]"}, r"='\[1\]': expected a JSON object"),
        ({"algorithm": "slope", "algorithm_params": "{"}, "algorithm_params='{': expected a JSON"),
        ({"algorithm": "slope", "algorithm_params": '{"units": 1}'}, "units: 1': expected degree"),
        ({"algorithm": "slope", "algorithm_params": '{"azimuth": 1}'}, "no such parameter"),
        ({"algorithm": "slope", "algorithm_params": '{"z_exaggeration": NaN}'}, "a number from"),
        (
            {"algorithm": "slope", "algorithm_params": '{"a": ' + "[" * LONGEST_OBJECT},
            "at most 1024",
        ),
        (
            {"algorithm": "slope", "algorithm_params": "[" * LONGEST_OBJECT},
            "expected a JSON object",
        ),
    ],
)
def test_wrong_algorithms_are_told(texts: dict[str, str], told: str) -> None:
    """Each by the parameter that is wrong, on one short line."""
    with pytest.raises(InvalidParameter, match=told) as caught:
        algorithm(**texts)
    assert caught.value.name == list(texts)[-1]
    assert len(str(caught.value)) < 300
