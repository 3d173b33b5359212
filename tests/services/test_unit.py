import pytest

from tileserver.services.unit import printed


@pytest.mark.parametrize(
    ("units", "shown"),
    [
        *((units, "°C") for units in ("degC", "degree_Celsius", "degrees_C", "celsius", "°C")),
        ("m s-1", "m s⁻¹"),
        ("W m**-2", "W m⁻²"),
        ("kg m^2", "kg m²"),
        ("mg m-3 day-1", "mg m⁻³ day⁻¹"),
        ("K", "K"),
        ("degrees_north", "degrees_north"),
        ("days since 2000-01-01", "days since 2000-01-01"),
        ("1e-3", "1e-3"),
        ("10^4 km", "10^4 km"),
        ("1", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_printed(units: str | None, shown: str) -> None:
    """Degrees and powers are printed as people write them; pure numbers have no units."""
    assert printed(units) == shown
