"""/healthz and /readyz, for whoever routes requests to this process, and the index at /."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fincore.api.endpoint import Route
from fincore.api.exchange import Answer, Call, json_answer
from fincore.api.operation import Content, Operation
from fincore.api.version import VERSION

Probe = Callable[[], Awaitable[bool]]
"""Answers within a bound of its own whether something is there."""

_TAG: Final = "Service"


class HealthBody(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadyBody(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be served, and what each dependency says."""

    status: Literal["ok", "unavailable"]
    parts: Annotated[dict[str, Literal["ok", "unavailable"]], Meta(description="By dependency.")]


class IndexBody(msgspec.Struct, frozen=True, kw_only=True):
    """Where to go from here."""

    name: str = "FinCore Payments"
    version: str = VERSION
    docs: str = "/docs"
    openapi: str = "/openapi.json"
    charges: str = "/v1/charges"


_HEALTHZ: Final = Operation(
    operation_id="healthz",
    summary="Is the process alive",
    description="200 as long as the process can answer at all.",
    tag=_TAG,
    is_authenticated=False,
    answers={200: Content(shape=HealthBody, description="It is.")},
)
_READYZ: Final = Operation(
    operation_id="readyz",
    summary="Can requests be served",
    description="Asks each dependency; 503 where one is away.",
    tag=_TAG,
    is_authenticated=False,
    answers={
        200: Content(shape=ReadyBody, description="They can."),
        503: Content(shape=ReadyBody, description="A dependency is away."),
    },
)
_INDEX: Final = Operation(
    operation_id="index",
    summary="What is here",
    description="Where the documentation and the API are.",
    tag=_TAG,
    is_authenticated=False,
    answers={200: Content(shape=IndexBody, description="The index.")},
)


class Health:
    """The handlers of the health checks and the index."""

    def __init__(self, probes: Mapping[str, Probe]) -> None:
        self._probes = probes

    def routes(self) -> tuple[Route, ...]:
        """What to serve."""
        return (
            Route(method="GET", path="/healthz", operation=_HEALTHZ, handler=self.healthz, is_bounded=False),
            Route(method="GET", path="/readyz", operation=_READYZ, handler=self.readyz, is_bounded=False),
            Route(method="GET", path="/", operation=_INDEX, handler=self.index, is_bounded=False),
        )

    async def healthz(self, _: Call) -> Answer:
        """The process answers."""
        return json_answer(200, HealthBody())

    async def readyz(self, _: Call) -> Answer:
        """What each dependency says."""
        answers = await asyncio.gather(*(probe() for probe in self._probes.values()))
        parts: dict[str, Literal["ok", "unavailable"]] = {
            name: "ok" if is_there else "unavailable"
            for name, is_there in zip(self._probes, answers, strict=True)
        }
        if all(answers):
            return json_answer(200, ReadyBody(status="ok", parts=parts))
        return json_answer(503, ReadyBody(status="unavailable", parts=parts))

    async def index(self, _: Call) -> Answer:
        """Where to go from here."""
        return json_answer(200, IndexBody())
