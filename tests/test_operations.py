"""The files that install, package and deploy the project, each through the tool that reads it."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]


def run(*command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def project() -> dict[str, Any]:
    table: dict[str, Any] = pyproject()["project"]
    return table


def locked(name: str) -> dict[str, str]:
    """The requirements of a lock, name to version."""
    lines = (ROOT / name).read_text().splitlines()
    return dict(re.findall(r"^([\w.-]+)==(\S+)", "\n".join(lines), re.MULTILINE))


def declared(requirements: Sequence[str]) -> set[str]:
    """The names of requirements as pyproject.toml has them, as a lock spells them."""
    names = (re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0] for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def package_files() -> list[Path]:
    return [*(ROOT / "tileserver").rglob("*.py"), *(ROOT / "colormaps").glob("*.py")]


def imported(path: Path) -> set[str]:
    """The top-level names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(str(node.module).partition(".")[0])
    return names


def test_dockerfile_lints() -> None:
    """hadolint has nothing against the Dockerfile."""
    hadolint = shutil.which("hadolint", path=Path(sys.executable).parent)
    if not hadolint:
        pytest.skip("hadolint is missing: `make test` installs it")
    done = run(hadolint, "Dockerfile")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_no_addresses(name: str) -> None:
    """A lock names neither a registry nor a path: it is good on any machine."""
    text = (ROOT / name).read_text()
    assert not re.findall(r"\S*://\S*|^--?\w\S*|\s/\S+", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_lock_has_hashes(name: str) -> None:
    """Every locked requirement has its hashes."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if "--hash=sha256:" not in line] == []


def test_locks_are_complete() -> None:
    """What pyproject.toml asks for is in the locks: nobody forgot `make lock`."""
    runtime = declared(project()["dependencies"])
    tests = declared(project()["optional-dependencies"]["dev"])
    assert runtime - locked("requirements.txt").keys() == set()
    assert (runtime | tests) - locked("requirements-dev.txt").keys() == set()


def undeclared(files: Iterable[Path], requirements: Sequence[str]) -> set[str]:
    """The packages that files import and that are not asked for by themselves."""
    providers, asked = packages_distributions(), declared(requirements)
    names = {name for path in files for name in imported(path)}
    foreign = names - sys.stdlib_module_names - {"tileserver", "tests", "_typeshed"}
    return {name for name in foreign if not declared(providers.get(name, [name])) & asked}


def test_imports_are_declared() -> None:
    """What the package imports is among its own dependencies or extras, not only among theirs."""
    extras = project()["optional-dependencies"]
    own = [each for name, some in extras.items() if name != "dev" for each in some]
    assert undeclared(package_files(), [*project()["dependencies"], *own]) == set()


def test_imports_of_tests_are_declared() -> None:
    """What the tests import is among the dependencies or those of the tests."""
    extras = project()["optional-dependencies"]
    # Those that other projects' servers and a distribution's QGIS run in environments of their own.
    elsewhere = {ROOT / "tests" / place for place in ("benchmarks/apps", "clients/programs")}
    elsewhere.add(ROOT / "tests" / "jupyter" / "programs.py")
    files = [path for path in (ROOT / "tests").rglob("*.py") if not elsewhere & {path, path.parent}]
    assert undeclared(files, [*project()["dependencies"], *extras["demo"], *extras["dev"]]) == set()


def test_packages_are_listed() -> None:
    """Every folder of modules is in the wheel."""
    listed = pyproject()["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in package_files()}
    assert {".".join(folder.parts) for folder in folders if folder.parts[0] == "tileserver"} == {
        name for name in listed if name not in ("tileserver.colormaps", "tileserver.web")
    }


def test_locks_agree() -> None:
    """A version is the same when the tests run as when the server does."""
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


def test_hooks_download_nothing() -> None:
    """The commit hooks run what is installed."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [entry["repo"] for entry in hooks["repos"]] == ["local"]


def test_make_explains_itself() -> None:
    """Every target that one may ask for is in the help that `make` alone prints."""
    text = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    installs = {"chromium", "qgis", "r", "redis", "postgres", "prometheus", "containers"}
    apart = {"schemathesis", "notebook", "xcube-viewer", "eox-map"}
    internal = {"help", "package", *installs, *apart}
    shown = run("make", "--no-print-directory").stdout
    assert set(phony[1].split()) - internal == set(re.findall(r"^make (\w+)", shown, re.MULTILINE))
