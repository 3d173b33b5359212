"""The chart: linted, rendered and held to Kubernetes' own schema."""

from __future__ import annotations

import json
import re
import tomllib
from base64 import b64decode
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.ship.chart import CHART, ROOT, VALUES, environment, helm, needs_helm, pod, render
from tileserver.settings import Settings

pytestmark = needs_helm

SETS = {"defaults": ""} | {each.stem: each.read_text() for each in sorted(VALUES.iterdir())}
EVERYTHING_ON = SETS["everything"]


def test_chart_lints() -> None:
    """`helm lint --strict` has nothing against the chart."""
    for values in SETS.values():
        done = helm("lint", "--strict", CHART, "--values", "-", stdin=values)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", SETS.values(), ids=SETS)
def test_chart_renders_valid_objects(values: str) -> None:
    """Every rendered object follows Kubernetes' own schema, with no unknown field."""
    for entry in render(values).values():
        kubernetes_validate.validate(entry, "1.31", strict=True)


def test_chart_renders_the_documented_values() -> None:
    """The values in docs/deploying.md are values of the chart."""
    text = (ROOT / "docs" / "deploying.md").read_text()
    (example,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    objects = render(example)
    assert objects["Ingress"]["spec"]["rules"][0]["host"] == "tiles.example.org"
    assert pod(objects)["containers"][0]["envFrom"] == [{"secretRef": {"name": "lab-s3"}}]


def test_chart_default_kinds() -> None:
    """By default there is no Ingress, and nothing that was not asked for."""
    kinds = {"Deployment", "Service", "ConfigMap", "ServiceAccount"}
    assert {each.partition(" ")[0] for each in render()} - {"Pod"} == kinds


def test_chart_catalog_arrives_whole() -> None:
    """The catalogue in the ConfigMap is the one of the values."""
    text = render(EVERYTHING_ON)["ConfigMap"]["data"]["catalog.yaml"]
    assert yaml.safe_load(text) == yaml.safe_load(EVERYTHING_ON)["catalog"]


def test_chart_own_catalog() -> None:
    """A ConfigMap of one's own takes the place of the chart's."""
    objects = render("existingCatalog: mine")
    assert "ConfigMap" not in objects
    assert pod(objects)["volumes"][0]["configMap"] == {"name": "mine"}


def test_chart_new_catalog_makes_new_pods() -> None:
    """A changed catalogue changes the pods' template."""
    before, after = (
        render(values)["Deployment"]["spec"]["template"]["metadata"]["annotations"]
        for values in ("", EVERYTHING_ON)
    )
    assert before["checksum/catalog"] != after["checksum/catalog"]


def test_chart_environment_keeps_numbers() -> None:
    """Large and broken numbers, and quotes, reach the environment as they were written."""
    given = {
        "TILESERVER_ROOT_PATH": "/maps",
        "TILESERVER_SIZE": "8589934592",
        "SHARE": "0.5",
        "QUOTED": 'a"b',
    }
    assert environment(render(EVERYTHING_ON)).items() >= given.items()


def test_chart_hides_the_services_address() -> None:
    """Kubernetes does not set TILESERVER_PORT=tcp://… for a Service called tileserver."""
    assert pod(render())["enableServiceLinks"] is False


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


def test_chart_probes() -> None:
    """Liveness asks /healthz, readiness asks /readyz."""
    container = pod(render())["containers"][0]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


@pytest.mark.parametrize(
    "values",
    [
        "replica: 3",
        "replicas: many",
        "catalog: {datasets: [{id: a/b}]}",
        "env: {A: [1]}",
        "secrets: {database: {url: x}}",
        "autoscaling: {cpuPercent: -1}",
        "networkPolicy: {egressPorts: [99999]}",
        "sharedTiles: much",
    ],
)
def test_chart_refuses_bad_values(values: str) -> None:
    """A misspelt or impossible value is told, not ignored."""
    done = helm("template", "demo", CHART, "--values", "-", stdin=values)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


def test_chart_has_the_packages_version() -> None:
    """Chart, image and package carry one version."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["appVersion"] == project["version"]


def test_chart_settings_are_settings() -> None:
    """What the chart sets, the server knows."""
    known = {f"TILESERVER_{name.upper()}" for name in Settings.model_fields}
    given = yaml.safe_load(EVERYTHING_ON)["env"]
    for values in SETS.values():
        assert environment(render(values)).keys() - given.keys() <= known


def test_chart_secrets_stay_in_secrets() -> None:
    """The environment names Secrets; what is given by value is one, too."""
    objects = render(EVERYTHING_ON)
    told = environment(objects)
    for name, secret in (("DATABASE", "tiles-db"), ("REDIS", "tiles-redis")):
        assert told[f"TILESERVER_{name}"] == {"secretKeyRef": {"name": secret, "key": "url"}}
    kept = {k: b64decode(v) for k, v in objects["Secret"]["data"].items()}
    assert kept == {"LAB_ACCESS_KEY_ID": b"a", "LAB_SECRET_ACCESS_KEY": b"b"}
    sources = pod(objects)["containers"][0]["envFrom"]
    assert sources[0] == {"secretRef": {"name": objects["Secret"]["metadata"]["name"]}}


def test_chart_autoscales() -> None:
    """By CPU and by requests in flight; then the Deployment does not say how many."""
    objects = render(SETS["scaled"])
    assert "replicas" not in objects["Deployment"]["spec"]
    spec = objects["HorizontalPodAutoscaler"]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 30)
    cpu, flight = spec["metrics"]
    assert cpu["resource"]["target"]["averageUtilization"] == 60
    assert flight["pods"]["metric"]["name"] == "tileserver_process_in_flight"


def test_chart_goes_over_without_a_gap() -> None:
    """A new pod is ready first; an old one has time to drain and to finish."""
    objects = render()
    update = objects["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    assert update == {"maxSurge": 1, "maxUnavailable": 0}
    drain = int(environment(objects)["TILESERVER_DRAIN_S"])
    assert pod(objects)["terminationGracePeriodSeconds"] >= drain + 25
    probe = pod(objects)["containers"][0]["readinessProbe"]
    assert drain > probe["periodSeconds"] * probe["failureThreshold"]


def test_chart_budget_for_disruption() -> None:
    """Only where there is more than one pod: with one it would keep a node from being emptied."""
    assert "PodDisruptionBudget" not in render()
    for values in ("replicas: 2", SETS["scaled"]):
        assert "PodDisruptionBudget" in render(values)


def test_chart_network_policy() -> None:
    """The cloud's own metadata is out of reach."""
    policy = render(EVERYTHING_ON)["NetworkPolicy"]["spec"]
    blocks = [peer["ipBlock"] for rule in policy["egress"] for peer in rule.get("to", [])]
    assert any("169.254.0.0/16" in block["except"] for block in blocks)
    assert any("fd00:ec2::254/128" in block["except"] for block in blocks)
    assert policy["ingress"][0]["from"][0]["namespaceSelector"]


def test_chart_dashboard_is_the_dashboard() -> None:
    """As it lies in the chart."""
    objects = render("metrics: {dashboard: {enabled: true}}")
    [found] = [o for o in objects.values() if o["metadata"]["name"].endswith("-dashboard")]
    kept = (CHART / "dashboards" / "tileserver.json").read_text()
    assert yaml.safe_load(found["data"]["tileserver.json"]) == yaml.safe_load(kept)


def test_chart_service_monitor() -> None:
    """For who runs the Prometheus operator."""
    objects = render("metrics: {serviceMonitor: {enabled: true, labels: {release: prom}}}")
    monitor = objects["ServiceMonitor"]
    assert monitor["metadata"]["labels"]["release"] == "prom"
    endpoint = monitor["spec"]["endpoints"][0]
    assert (endpoint["path"], "authorization" in endpoint) == ("/metrics", False)


def test_chart_service_monitor_shows_a_key() -> None:
    """Where metrics are an administrator's alone."""
    values = "metrics: {serviceMonitor: {enabled: true, credentials: {name: scraper, key: token}}}"
    endpoint = render(values)["ServiceMonitor"]["spec"]["endpoints"][0]
    assert endpoint["authorization"] == {"credentials": {"name": "scraper", "key": "token"}}


def test_chart_mounts_what_it_is_told_to() -> None:
    """Data on a claim, and certificates of an authority, beside its own volumes."""
    spec, given = pod(render(EVERYTHING_ON)), yaml.safe_load(EVERYTHING_ON)
    assert spec["volumes"][-2:] == given["volumes"]
    assert spec["containers"][0]["volumeMounts"][-2:] == given["volumeMounts"]
    names = [each["name"] for each in spec["volumes"]]
    assert len(names) == len(set(names))


def test_chart_tests_itself() -> None:
    """`helm test` runs a pod that asks, as locked down as the others."""
    hook = render()["Pod"]
    assert hook["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert hook["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_chart_test_pod_is_no_server() -> None:
    """Service, budget and autoscaler pass it over; the network policy lets it ask."""
    objects = render(EVERYTHING_ON)
    labels = objects["Pod"]["metadata"]["labels"]
    service = objects["Service"]["spec"]["selector"]
    assert not service.items() <= labels.items()
    template = objects["Deployment"]["spec"]["template"]
    assert service.items() <= template["metadata"]["labels"].items()
    [*_, tester] = objects["NetworkPolicy"]["spec"]["ingress"][0]["from"]
    assert tester["podSelector"]["matchLabels"].items() <= labels.items()


def test_chart_oidc_needs_an_audience() -> None:
    """Else every token of the issuer would be taken."""
    values = "oidc: {issuer: https://login.example.org}"
    done = helm("template", "demo", CHART, "--values", "-", stdin=values)
    assert done.returncode != 0
    assert "oidc.audience is missing" in done.stderr


def keys_of(schema: dict[str, Any], known: dict[str, Any], path: str = "") -> set[str]:
    """The paths of all values that the schema knows one by one."""
    found = set()
    for key, said in schema["properties"].items():
        here = f"{path}.{key}" if path else key
        sub = known[said["$ref"].rpartition("/")[2]] if "$ref" in said else said
        inner = "properties" in sub and sub.get("additionalProperties") is False
        found |= keys_of(sub, known, here) if inner else {here}
    return found


def test_every_value_is_documented() -> None:
    """Each has a row in the chart's README with its default, and there is no other row."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    text = (CHART / "README.md").read_text()
    found = re.findall(r"^\| `([\w.]+)` \| (?:`(.*?)`|(see below))? ?\|", text, re.MULTILINE)
    rows = {path: told or elsewhere for path, told, elsewhere in found}
    assert rows.keys() == keys_of(schema, schema["definitions"]) - {"global"}
    for path, told in rows.items():
        value: Any = values
        for key in path.split("."):
            value = value[key]
        assert yaml.safe_load(told or '""') == value or told == "see below", path
