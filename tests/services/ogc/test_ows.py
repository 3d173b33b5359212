import xml.etree.ElementTree as ET

from tileserver.services.ogc import ows


def test_exception_report() -> None:
    """A report is OWS 1.1 with code, locator and text, whatever characters they hold."""
    root = ET.fromstring(ows.exception_report("InvalidParameterValue", 'ti"me', "a < b & \0 ü"))
    exception = root[0]
    assert root.tag == f"{{{ows.OWS}}}ExceptionReport"
    assert root.get("version") == "1.1.0"
    assert exception.attrib == {"exceptionCode": "InvalidParameterValue", "locator": 'ti"me'}
    assert exception[0].text == "a < b & \N{REPLACEMENT CHARACTER} ü"


def test_exception_without_locator() -> None:
    """An exception that is about no parameter has no locator."""
    root = ET.fromstring(ows.exception_report("NoApplicableCode", None, "text"))
    assert "locator" not in root[0].attrib


def test_errors_say_value_and_remedy() -> None:
    """An error names the parameter, the value, cut short, and the remedy."""
    error = ows.OwsError.invalid("style", "x" * 10_000, "expected sst")
    assert str(error).startswith("style='xxx")
    assert str(error).endswith("expected sst")
    assert len(str(error)) < 200
    assert error.status == 400


def test_empty_element_is_closed() -> None:
    """An element without children is one closed tag."""
    assert ows.element("a", attributes={"b": "1<2"}) == '<a b="1&lt;2"/>'
