"""The dashboard asks for what there is, as Prometheus itself finds."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import running
from tests.servers import RedisServer

DASHBOARD = Path(__file__).parents[2] / "helm/dashboards/tileserver.json"
DESCRIPTION = (Path(__file__).parents[2] / "docs/monitoring.md").read_text()
BOARD: dict[str, Any] = json.loads(DASHBOARD.read_text())
WITHIN_S = 30
HAS_REDIS = shutil.which("redis-server") is not None


class Asked(NamedTuple):
    """A query, and what it is for."""

    panel: str
    expression: str


def queries() -> list[Asked]:
    return [
        Asked(panel["title"], target["expr"])
        for panel in BOARD["panels"]
        for target in panel.get("targets", ())
    ]


def filled(expression: str) -> str:
    """With the dashboard's variables as Grafana fills them."""
    for name, value in {"$__rate_interval": "10s", "$job": ".*", "$instance": ".*"}.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


@pytest.fixture(scope="module")
def server(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with all that can be told of: two workers, jobs, a database, a Redis (which may not
    be there), and a dataset that cannot be opened."""
    folder = tmp_path_factory.mktemp("server")
    broken = folder / "broken.yaml"
    broken.write_text("datasets: [{id: gone, url: gone.zarr}]")
    flags = ("--catalog", str(demo_data), "--catalog", str(broken), "--workers", "2",
             "--refresh-s", "2", "--jobs", str(folder / "jobs"),
             "--database", str(folder / "register.db"),
             "--redis")  # fmt: skip
    with ExitStack() as stack:
        redis = f"unix://{folder}/none"
        if HAS_REDIS:
            redis = stack.enter_context(RedisServer()).url
        yield stack.enter_context(running(*flags, redis))


def use(url: str) -> None:
    """Ask for this and that."""
    for address in (
        "/tiles/ocean/sst/1/0/0.png",
        "/tiles/ocean/sst/1/0/1.png",
        "/tiles/gone/sst/1/0/1.png",
        "/datasets",
        "/timeseries/ocean/sst?lon=1&lat=1",
    ):
        httpx2.get(f"{url}{address}", timeout=20)


def test_metrics_of_the_dashboard_are_there(server: str) -> None:
    """Each with the labels by which it is asked for."""
    use(server)
    time.sleep(1.2)
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(httpx2.get(f"{server}/metrics").text):
        kinds = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}
        names = [f"{family.name}{end}" for end in kinds.get(family.type, ("",))]
        for name in names:
            labels[name] = {label for sample in family.samples for label in sample.labels}
    for panel, expression in queries():
        found = re.findall(r"(tileserver_\w+)\{([^}]*)\}", expression)
        assert found, panel
        for name, selectors in found:
            assert name in labels, f"{panel}: {name}"
            asked = set(re.findall(r"(\w+)=~?\"", selectors)) | {
                label.strip()
                for by in re.findall(r"by \(([^)]*)\)", expression)
                for label in by.split(",")
            }
            known = labels[name] | {"job", "instance"}
            assert asked <= known or not labels[name] or len(found) > 1, f"{panel}: {asked}"


def test_metrics_are_described(server: str) -> None:
    """Each in monitoring.md, which tells of no others."""
    use(server)
    told = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in text_string_to_metric_families(httpx2.get(f"{server}/metrics").text)
    }
    described = set(re.findall(r"`(tileserver_\w+)`", DESCRIPTION))
    assert told == described


def test_panels_are_whole() -> None:
    """Each has a title, its own number and place, and a query for the chosen data source."""
    panels = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(panels)
    for panel in panels:
        place = panel["gridPos"]
        assert panel["title"]
        assert place["x"] + place["w"] <= 24
        if panel["type"] != "row":
            assert panel["targets"]
            assert panel["datasource"]["uid"] == "${datasource}"


def tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name} here: `make prometheus` installs it")
    return path


def test_queries_are_sound(tmp_path: Path) -> None:
    """As Prometheus reads them."""
    rules = [
        {"record": f"panel:{i}", "expr": filled(asked.expression)}
        for i, asked in enumerate(queries())
    ]
    check(rules, tmp_path / "rules.yaml")


def test_prometheus_finds_no_fault(server: str) -> None:
    """With the metrics themselves: names, units, descriptions."""
    use(server)
    command, text = [tool("promtool"), "check", "metrics"], httpx2.get(f"{server}/metrics").text
    checked = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_alarms_are_sound(tmp_path: Path) -> None:
    """Those that monitoring.md proposes."""
    [block] = re.findall(r"```yaml\n(.*?)```", DESCRIPTION, re.DOTALL)
    check(yaml.safe_load(block), tmp_path / "rules.yaml")


def check(rules: list[dict[str, str]], path: Path) -> None:
    """By Prometheus' own tool."""
    path.write_text(yaml.safe_dump({"groups": [{"name": "some", "rules": rules}]}))
    command = [tool("promtool"), "check", "rules", str(path)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
    return port


@pytest.fixture
def prometheus(server: str, tmp_path: Path) -> Iterator[str]:
    """A Prometheus that looks at the server all the time; its address."""
    program, port = tool("prometheus"), free_port()
    job = {"job_name": "maps", "static_configs": [{"targets": [server.removeprefix("http://")]}]}
    seconds = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    configuration = tmp_path / "prometheus.yaml"
    configuration.write_text(yaml.safe_dump({"global": seconds, "scrape_configs": [job]}))
    command = [program, f"--config.file={configuration}", f"--storage.tsdb.path={tmp_path}/data",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            started.terminate()


def answer(prometheus: str, expression: str) -> list[Any]:
    """The samples that a query finds; nothing while Prometheus is not there yet."""
    try:
        told = httpx2.get(f"{prometheus}/api/v1/query", params={"query": expression})
    except httpx2.TransportError:
        return []
    if told.status_code == 503:  # it listens before it is ready
        return []
    found = told.json()
    assert found["status"] == "success", found
    samples: list[Any] = found["data"]["result"]
    return samples


def test_every_panel_shows_something(server: str, prometheus: str) -> None:
    """Of a server that is used, seen by a real Prometheus."""
    begun = time.monotonic()
    left = [each for each in queries() if HAS_REDIS or "redis" not in each.expression]
    while left:
        use(server)
        left = [each for each in left if not answer(prometheus, filled(each.expression))]
        assert time.monotonic() - begun < WITHIN_S, [each.panel for each in left]
        time.sleep(0.3)
