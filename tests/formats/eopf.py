"""Cases of the table: eopf."""

from tests.formats.case import Case

CASES: list[Case] = []
