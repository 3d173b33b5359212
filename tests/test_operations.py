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

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parent.parent
CHART = ROOT / "helm"
HELM = CHART / "node_modules" / ".bin" / "helm"
LOCKS = ["requirements.txt", "requirements-dev.txt"]

needs_helm = pytest.mark.skipif(
    not HELM.exists(), reason="helm is missing: `make test` installs it"
)

EVERYTHING_ON = """
image: {repository: registry.example.org/tileserver, tag: "1.2", pullSecrets: [{name: registry}]}
replicas: 3
catalog:
  storage: {lab: {endpoint: "https://s3.example.org", credentials: "env:LAB_"}}
  datasets: [{id: sst, title: "Sea: 100 % water", url: "s3://cubes/sst.zarr", storage: lab}]
env: {TILESERVER_ROOT_PATH: /maps, TILESERVER_SIZE: 8589934592, SHARE: 0.5, QUOTED: 'a"b'}
envFrom: [{secretRef: {name: lab-s3}}]
service: {type: NodePort, annotations: {example.org/kind: tiles}}
ingress:
  enabled: true
  className: nginx
  annotations: {example.org/cache: "on"}
  hosts: [{host: a.example.org}, {host: b.example.org, path: /maps}]
  tls: [{secretName: tls, hosts: [a.example.org]}]
serviceAccount: {name: reader, annotations: {example.org/role: reader}}
podAnnotations: {example.org/scrape: "true"}
nodeSelector: {disk: fast}
tolerations: [{key: spot, operator: Exists}]
affinity: {nodeAffinity: {}}
"""


def run(*command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )


def render(values: str = "", *arguments: str) -> dict[str, dict[str, Any]]:
    """The chart's objects by their kind, rendered with these values over its own."""
    done = run(HELM, "template", "demo", CHART, "--values", "-", *arguments, stdin=values)
    assert done.returncode == 0, done.stderr
    return {entry["kind"]: entry for entry in yaml.safe_load_all(done.stdout) if entry}


def pod(objects: dict[str, dict[str, Any]]) -> dict[str, Any]:
    spec: dict[str, Any] = objects["Deployment"]["spec"]["template"]["spec"]
    return spec


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


@needs_helm
def test_chart_lints() -> None:
    """`helm lint --strict` has nothing against the chart."""
    done = run(HELM, "lint", "--strict", CHART)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_helm
@pytest.mark.parametrize("values", ["", EVERYTHING_ON], ids=["defaults", "everything on"])
def test_chart_renders_valid_objects(values: str) -> None:
    """Every rendered object follows Kubernetes' own schema, with no unknown field."""
    for entry in render(values).values():
        kubernetes_validate.validate(entry, "1.31", strict=True)


@needs_helm
def test_chart_renders_the_documented_values() -> None:
    """The values in docs/deploying.md are values of the chart."""
    text = (ROOT / "docs" / "deploying.md").read_text()
    (example,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    objects = render(example)
    assert objects["Ingress"]["spec"]["rules"][0]["host"] == "tiles.example.org"
    assert pod(objects)["containers"][0]["envFrom"] == [{"secretRef": {"name": "lab-s3"}}]


@needs_helm
def test_chart_default_kinds() -> None:
    """By default there is no Ingress, and nothing that was not asked for."""
    assert set(render()) == {"Deployment", "Service", "ConfigMap", "ServiceAccount"}


@needs_helm
def test_chart_catalog_arrives_whole() -> None:
    """The catalogue in the ConfigMap is the one of the values."""
    text = render(EVERYTHING_ON)["ConfigMap"]["data"]["catalog.yaml"]
    assert yaml.safe_load(text) == yaml.safe_load(EVERYTHING_ON)["catalog"]


@needs_helm
def test_chart_own_catalog() -> None:
    """A ConfigMap of one's own takes the place of the chart's."""
    objects = render("existingCatalog: mine")
    assert "ConfigMap" not in objects
    assert pod(objects)["volumes"][0]["configMap"] == {"name": "mine"}


@needs_helm
def test_chart_new_catalog_makes_new_pods() -> None:
    """A changed catalogue changes the pods' template."""
    before, after = (
        render(values)["Deployment"]["spec"]["template"]["metadata"]["annotations"]
        for values in ("", EVERYTHING_ON)
    )
    assert before["checksum/catalog"] != after["checksum/catalog"]


@needs_helm
def test_chart_environment_keeps_numbers() -> None:
    """Large and broken numbers, and quotes, reach the environment as they were written."""
    env = {
        entry["name"]: entry["value"]
        for entry in pod(render(EVERYTHING_ON))["containers"][0]["env"]
    }
    assert env == {
        "TILESERVER_ROOT_PATH": "/maps",
        "TILESERVER_SIZE": "8589934592",
        "SHARE": "0.5",
        "QUOTED": 'a"b',
    }


@needs_helm
def test_chart_hides_the_services_address() -> None:
    """Kubernetes does not set TILESERVER_PORT=tcp://… for a Service called tileserver."""
    assert pod(render())["enableServiceLinks"] is False


@needs_helm
def test_chart_is_locked_down() -> None:
    """No root, no capability, no writable root file system, no token."""
    spec = pod(render())
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@needs_helm
def test_chart_probes() -> None:
    """Liveness asks /healthz, readiness asks /readyz."""
    container = pod(render())["containers"][0]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


@needs_helm
@pytest.mark.parametrize(
    "values",
    ["replica: 3", "replicas: many", "catalog: {datasets: [{id: a/b}]}", "env: {A: [1]}"],
)
def test_chart_refuses_bad_values(values: str) -> None:
    """A misspelt or impossible value is told, not ignored."""
    done = run(HELM, "template", "demo", CHART, "--values", "-", stdin=values)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


@needs_helm
def test_chart_has_the_packages_version() -> None:
    """Chart, image and package carry one version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["appVersion"] == project()["version"]


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
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.parent not in elsewhere]
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
    internal = {"help", "chromium", "qgis", "package"}
    shown = run("make", "--no-print-directory").stdout
    assert set(phony[1].split()) - internal == set(re.findall(r"^make (\w+)", shown, re.MULTILINE))
