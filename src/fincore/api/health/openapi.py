"""How the health checks and the index are documented."""

from typing import Final

from fincore.api.health.body import HealthBody, IndexBody, ReadinessBody
from fincore.http.openapi import Content, Operation

_TAG: Final = "Service"

HEALTHZ: Final = Operation(
    operation_id="healthz",
    summary="Check liveness",
    description="Returns 200 as long as the process can answer.",
    tag=_TAG,
    is_authenticated=False,
    responses={200: Content(shape=HealthBody, description="The process answers.")},
)
READYZ: Final = Operation(
    operation_id="readyz",
    summary="Check readiness",
    description="Asks each dependency. Returns 503 if one is unavailable, or refuses the changes that the API makes.",
    tag=_TAG,
    is_authenticated=False,
    responses={
        200: Content(shape=ReadinessBody, description="Every dependency is ready."),
        503: Content(shape=ReadinessBody, description="A dependency is unavailable, or accepts no changes."),
    },
)
INDEX: Final = Operation(
    operation_id="index",
    summary="Get the index",
    description="Returns the paths of the documentation and of the API.",
    tag=_TAG,
    is_authenticated=False,
    responses={200: Content(shape=IndexBody, description="The index.")},
)
