"""The API's description is valid OpenAPI 3.1 and speaks of the routes that there are."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from starlette.testclient import TestClient

from tests.services.memory_catalog import catalog
from tileserver.app import ENDPOINTS, create_app
from tileserver.settings import Settings


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(Settings(), catalog)) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_document_is_valid(document: dict[str, Any]) -> None:
    """By the schema of OpenAPI 3.1, which others wrote."""
    validate(document, cls=OpenAPIV31SpecValidator)


def test_every_route_is_there_with_its_parameters(document: dict[str, Any]) -> None:
    """And every name in a path is a parameter."""
    assert document["paths"].keys() == {e.path.replace(":path", "") for e in ENDPOINTS}
    for path, operations in document["paths"].items():
        for operation in operations.values():
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path


def test_operations_have_ids_of_their_own(document: dict[str, Any]) -> None:
    """Code generators make functions of them."""
    ids = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(ids) == len(set(ids))


def test_declared_defaults_and_choices_are_accepted(
    client: TestClient, document: dict[str, Any]
) -> None:
    """What the description offers for tiles, the server takes."""
    operation = document["paths"]["/tiles/{dataset}/{variable}/{z}/{x}/{last}"]["get"]
    for parameter in operation["parameters"]:
        for value in parameter["schema"].get("enum", ()):
            query = {parameter["name"]: value}
            if value in ("average", "mode", "log"):
                query |= {"rescale": "1,250"}
            assert client.get("/tiles/sea/kind/1/0/0", params=query).status_code == 200, query


def test_says_who_may(document: dict[str, Any]) -> None:
    """What is an operator's takes a key with that scope; all else may be open; each says what is
    told to who may not, and to who asks too often."""
    for endpoint in ENDPOINTS:
        for method in endpoint.methods:
            operation = document["paths"][endpoint.path.replace(":path", "")][method.lower()]
            scopes = {scope for each in operation["security"] for s in each.values() for scope in s}
            is_open = {} in operation["security"]
            expected = (True, set()) if endpoint.scope == "read" else (False, {endpoint.scope})
            assert (is_open, scopes) == expected, endpoint.path
            for each in operation["security"]:
                assert each.keys() <= document["components"]["securitySchemes"].keys()
            assert {"401", "403", "429"} <= operation["responses"].keys()
            assert "Retry-After" in operation["responses"]["429"]["headers"]


def test_names_no_secret(document: dict[str, Any]) -> None:
    """Schemes of security, but no key, no token, no address of where keys are."""
    schemes = document["components"]["securitySchemes"]
    assert {each["type"] for each in schemes.values()} == {"http", "apiKey"}
    assert not re.search("ts_[0-9a-f]{16}", str(document))


def test_limits_hold(client: TestClient, document: dict[str, Any]) -> None:
    """A number at a limit that is told is taken; one beyond is refused by the name of its
    parameter."""
    path = "/coverage/{dataset}/{variable}"
    for parameter in document["paths"][path]["get"]["parameters"]:
        schema, name = parameter["schema"], parameter["name"]
        if "maximum" not in schema:
            continue
        for value, status in (
            (schema["minimum"], 200),
            (schema["maximum"], 200),
            (schema["minimum"] - 1, 400),
            (schema["maximum"] + 1, 400),
        ):
            answer = client.get("/coverage/sea/kind", params={"bbox": "0,0,9,9", name: value})
            assert answer.status_code == status, (name, value)
            assert status == 200 or answer.json()["parameter"] == name


def test_what_is_required_is_missed(client: TestClient, document: dict[str, Any]) -> None:
    """Without it the answer is a 400 that names a parameter which is required."""
    for path, values in {"/point/{d}/{v}": {"lon", "lat"}, "/coverage/{d}/{v}": {"bbox"}}.items():
        declared = path.format(d="{dataset}", v="{variable}")
        parameters = document["paths"][declared]["get"]["parameters"]
        found = {p["name"] for p in parameters if p.get("required") and p["in"] == "query"}
        assert found == values
        answer = client.get(path.format(d="sea", v="kind"))
        assert (answer.status_code, answer.json()["parameter"] in values) == (400, True)


def test_parts_of_paths_are_described(document: dict[str, Any]) -> None:
    """In more words than their names."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                assert parameter["description"] != parameter["name"], (path, parameter["name"])
