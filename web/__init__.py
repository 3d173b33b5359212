"""The viewer's files, as they are served; `DIRECTORY` is where they lie."""

from pathlib import Path

DIRECTORY = Path(__file__).parent
