"""/healthz and /readyz, for the load balancer in front of this process, and the index at /."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.api.http.endpoint import Route
from fincore.api.http.exchange import Call, Response, json_response
from fincore.api.http.openapi import Content, Operation
from fincore.version import VERSION

DependencyState = Literal["ok", "read_only", "unavailable"]
Probe = Callable[[], Awaitable[DependencyState]]
"""Answers within a bound of its own what state a dependency is in."""

_TAG: Final = "Service"


class HealthBody(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Annotated[Literal["ok"], Meta(description="`ok`: the process answers.")] = "ok"


class ReadinessBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be served, and what each dependency says."""

    status: Annotated[
        Literal["ok", "unavailable"], Meta(description="`unavailable`: at least one dependency is not `ok`.")
    ]
    parts: Annotated[
        dict[str, DependencyState],
        Meta(
            description="The state of each dependency, by its name. `read_only`: it answers and accepts no changes, as "
            "during a fail-over."
        ),
    ]


class IndexBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go from here."""

    name: Annotated[str, Meta(description="The product.")] = "FinCore Payments"
    version: Annotated[str, Meta(description="The version of FinCore that answers.")] = VERSION
    docs: Annotated[str, Meta(description="The path of the API's documentation.")] = "/docs"
    openapi: Annotated[str, Meta(description="The path of the OpenAPI document.")] = "/openapi.json"
    charges: Annotated[str, Meta(description="The path of the charges.")] = "/v1/charges"


_HEALTHZ: Final = Operation(
    operation_id="healthz",
    summary="Is the process alive",
    description="200 as long as the process can answer at all.",
    tag=_TAG,
    is_authenticated=False,
    responses={200: Content(shape=HealthBody, description="It is.")},
)
_READYZ: Final = Operation(
    operation_id="readyz",
    summary="Can requests be served",
    description="Asks each dependency; 503 where one is away, or does not take the changes that the API makes.",
    tag=_TAG,
    is_authenticated=False,
    responses={
        200: Content(shape=ReadinessBody, description="They can."),
        503: Content(shape=ReadinessBody, description="A dependency is away, or accepts no changes."),
    },
)
_INDEX: Final = Operation(
    operation_id="index",
    summary="What is here",
    description="Where the documentation and the API are.",
    tag=_TAG,
    is_authenticated=False,
    responses={200: Content(shape=IndexBody, description="The index.")},
)


class Health:
    """The handlers of the health checks and the index."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/healthz", operation=_HEALTHZ, handler=self.healthz, gate=None),
            Route(method="GET", path="/readyz", operation=_READYZ, handler=self.readyz, gate=None),
            Route(method="GET", path="/", operation=_INDEX, handler=self.index, gate=None),
        )

    async def healthz(self, _: Call) -> Response:
        """The process answers."""
        return json_response(200, HealthBody())

    async def readyz(self, _: Call) -> Response:
        """What each dependency says."""
        states = await asyncio.gather(*(probe() for probe in self._probes.values()))
        parts = dict(zip(self._probes, states, strict=True))
        if all(state == "ok" for state in states):
            return json_response(200, ReadinessBody(status="ok", parts=parts))
        return json_response(503, ReadinessBody(status="unavailable", parts=parts))

    async def index(self, _: Call) -> Response:
        """Where to go from here."""
        return json_response(200, IndexBody())
