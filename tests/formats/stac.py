"""Cases of the table: stac."""

from tests.formats.case import Case

CASES: list[Case] = []
