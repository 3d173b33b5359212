"""Calls that do not come back are waited for only so long, and hold up nothing."""

import asyncio
import subprocess
import sys
import threading

import pytest
from sqlalchemy.exc import OperationalError

from tileserver.errors import CatalogError, SourceUnavailable
from tileserver.register.patience import AT_ONCE, Patience, reason

SERVER = 'connection failed: connection to server at "db.example", port 5432'


def test_what_a_call_returns() -> None:
    """Its result, or its error."""

    def fail() -> None:
        raise CatalogError("no")

    async def check() -> None:
        patience = Patience()
        assert await patience.ask(lambda a, b: a + b, 1, b=2) == 3
        with pytest.raises(CatalogError, match="no"):
            await patience.ask(fail)

    asyncio.run(check())


def test_calls_that_hang() -> None:
    """Each is given up; no more hang than may, and once they are back all goes on."""
    ended = threading.Event()
    begun: list[int] = []

    def hang(number: int) -> None:
        begun.append(number)
        ended.wait()

    async def check() -> None:
        patience = Patience(0.1)
        for _ in range(2):
            calls = (patience.ask(hang, n) for n in range(AT_ONCE + 2))
            found = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(each, SourceUnavailable) for each in found)
        assert len(begun) == AT_ONCE
        ended.set()
        for _ in range(100):
            try:
                assert await patience.ask(int) == 0
                return
            except SourceUnavailable:
                pass
        pytest.fail("it does not go on")

    asyncio.run(check())


def test_end_of_the_process() -> None:
    """It waits for no call that hangs."""
    code = (
        "import asyncio, threading\n"
        "from tileserver.register.patience import Patience\n"
        "try: asyncio.run(Patience(0.1).ask(threading.Event().wait))\n"
        "except Exception as error: print(type(error).__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("SourceUnavailable\n", "")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f'{SERVER} failed: FATAL:  database "eo" does not exist', "database does not exist"),
        (f'{SERVER} failed: FATAL:  password authentication failed for user "ann"',
         "password authentication failed for user"),
        (f"{SERVER} failed: Connection refused\n\tIs the server running?", "Connection refused"),
        ("failed to resolve host 'db.example': Name or service not known",
         "failed to resolve host: Name or service not known"),
        ("unable to open database file", "unable to open database file"),
        ("", "OperationalError"),
    ],
)  # fmt: skip
def test_why_a_database_does_not_answer(said: str, told: str) -> None:
    """In its own words, without the names of which its address is made."""
    error = SourceUnavailable("the database does not answer")
    error.__cause__ = OperationalError("SELECT 1", None, Exception(said))
    assert reason(error) == told


def test_why_without_a_cause() -> None:
    """One that stands still says nothing."""
    assert reason(SourceUnavailable("in time")) == "SourceUnavailable"
