"""What a route is: its path, its handler, and what the API's description says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tileserver.catalog import Catalog
from tileserver.http.params import Parameter
from tileserver.pipeline import Engine

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route and its declaration.

    Args:
        parameters: of the query; with `dims`, any dimension of the dataset by its name too.
        answers: media types of a good answer.
        body: media type of a request body, if one is read.
    """

    path: str
    handler: Handler
    summary: str
    tag: str
    parameters: tuple[Parameter[Any], ...] = ()
    dims: bool = False
    answers: tuple[str, ...] = ("application/json",)
    methods: tuple[str, ...] = ("GET",)
    body: str | None = None

    def route(self) -> Route:
        """For the router."""
        return Route(self.path, self.handler, methods=list(self.methods))


@dataclass(frozen=True, slots=True)
class Context:
    """What handlers work with, made in the lifespan."""

    catalog: Catalog
    engine: Engine
    largest_body: int
    registry: CollectorRegistry


def context(request: Request) -> Context:
    """The context of the app that a request came to."""
    found: Context = request.state.context
    return found
