"""Cases of the table: containers."""

from tests.formats.case import Case

CASES: list[Case] = []
