"""Write docs/formats.md anew: `python -m tests.formats`."""

import sys

from tests.formats.case import Absent
from tests.formats.page import PAGE, text
from tests.formats.run import NO, run
from tests.formats.topics import CASES

if __name__ == "__main__":
    rows = {case: run(case) for case in CASES}
    for case, row in rows.items():
        if isinstance(row, Absent):
            sys.exit(f"{case.id}: {row}; the page needs all cases")
        for column, outcome in row.items():
            if outcome.mark == NO:
                print(f"{case.id} {column}: {outcome.why}", file=sys.stderr)
    PAGE.write_text(text(rows))
