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
    assert document["paths"].keys() == {endpoint.path for endpoint in ENDPOINTS}
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
