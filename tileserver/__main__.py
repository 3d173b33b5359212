"""`python -m tileserver`: the command line."""

from tileserver.cli import app

app()
