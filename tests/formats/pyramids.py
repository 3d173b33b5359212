"""Cases of the table: pyramids."""

from tests.formats.case import Case

CASES: list[Case] = []
