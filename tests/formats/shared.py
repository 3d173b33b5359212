"""Cases of the table: real data of others."""

from tests.formats.case import Case

CASES: list[Case] = []
