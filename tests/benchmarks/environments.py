"""Environments of the other servers, made with uv."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.place import Place

INSTALLED_WITHIN_S = 900
NEWEST_PYTHON = (3, 13)  # the newest that all of their compiled parts have wheels for


class NotInstalled(Exception):
    """A peer that cannot be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What is installed together.

    Attributes:
        packages: as pip takes them; none for the environment that this runs in.
        overrides: of what they require, what is left out or replaced, as uv takes it.
        python: the oldest Python that they run on.
    """

    name: str
    packages: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    python: tuple[int, int] = (3, 11)

    def interpreter(self, place: Place) -> str:
        return str(place.python(self.name)) if self.packages else sys.executable


def install(environment: Environment, place: Place) -> None:
    """Make it if it is not there.

    Raises:
        NotInstalled: no such Python, or the packages cannot be had.
    """
    python = place.python(environment.name)
    folder = python.parent.parent
    if not environment.packages or (folder / ".complete").exists():
        return
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise NotInstalled("uv is missing: pip install uv")
    print(f"installing {', '.join(environment.packages)}", flush=True)
    overrides = place.folder / "overrides.txt"
    overrides.write_text("\n".join(environment.overrides))
    replaced = ("--overrides", str(overrides)) if environment.overrides else ()
    newest = newest_python(environment.python)
    run(uv, "venv", "--quiet", "--clear", "--python", newest, str(folder))
    packages = (*replaced, *environment.packages)
    run(uv, "pip", "install", "--quiet", "--python", str(python), *packages)
    (folder / ".complete").touch()


def run(*words: str, folder: Path | None = None) -> str:
    """The output of a command; NotInstalled with the gist of what it said if it fails."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, env=environment, cwd=folder,
            timeout=INSTALLED_WITHIN_S,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{Path(words[0]).name}: {type(error).__name__}") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or ["it failed"]
        raise NotInstalled(f"{Path(words[0]).name} {words[1]}: {lines[0].strip()[:200]}")
    return done.stdout


def newest_python(least: tuple[int, int]) -> str:
    """The newest Python that is installed here, as a path.

    Raises:
        NotInstalled: none is new enough.
    """
    found: dict[tuple[int, int], str] = {}
    for candidate in pythons():
        try:
            told = run(candidate, "-c", "import ssl, sys; print(*sys.version_info[:2])")
        except NotInstalled:
            continue
        major, minor = map(int, told.split())
        found.setdefault((major, minor), candidate)
    usable = [version for version in found if least <= version <= NEWEST_PYTHON]
    if not usable:
        raise NotInstalled(f"needs Python ≥ {least[0]}.{least[1]}")
    return found[max(usable)]


def pythons() -> Iterator[str]:
    """Interpreters on the PATH and of pyenv, which may have some that its shims do not offer."""
    for minor in (13, 12, 11):
        on_path = shutil.which(f"python3.{minor}")
        if on_path:
            yield on_path
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from (str(path) for path in sorted(versions.glob("3.*/bin/python3")))
    yield sys.executable


def versions(environment: Environment, place: Place, names: Sequence[str]) -> dict[str, str]:
    """Of Python and of distributions."""
    script = (
        "import importlib.metadata as m, json, platform, sys; "
        "print(json.dumps({'Python': platform.python_version(), "
        "**{n: m.version(n) for n in sys.argv[1:]}}))"
    )
    told: dict[str, str] = json.loads(run(environment.interpreter(place), "-c", script, *names))
    return told
