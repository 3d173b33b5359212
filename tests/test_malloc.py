"""Memory that was freed goes back to the system."""

import subprocess
import sys

import pytest

GROWN = """
import sys, threading
import numpy as np
from tileserver.malloc import keep_compact

if sys.argv[1] == "compact":
    keep_compact()

def churn():
    "Large blocks come and go; small ones, which are kept, end up between them."
    for _ in range(40):
        blocks = [np.ones(6 << 20, np.uint8) for _ in range(4)]
        kept.append(bytes(5000))
        del blocks

kept = []
threads = [threading.Thread(target=churn) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(int(open("/proc/self/statm").read().split()[1]) * 4096)
"""


def resident(kind: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", GROWN, kind], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.paced  # other processes would keep the threads from running at once
def test_freed_memory_is_returned() -> None:
    """After eight threads made and freed large blocks, less stays than by malloc's defaults."""
    assert resident("compact") < resident("default") - (32 << 20)
