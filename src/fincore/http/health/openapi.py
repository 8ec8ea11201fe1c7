"""How the health checks are documented."""

from typing import Final

from fincore.http.health.body import HealthBody, ReadinessBody
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
    description="Asks each dependency. Returns 503 if one is unavailable, or refuses the changes that the server makes.",
    tag=_TAG,
    is_authenticated=False,
    responses={
        200: Content(shape=ReadinessBody, description="Every dependency is ready."),
        503: Content(shape=ReadinessBody, description="A dependency is unavailable, or accepts no changes."),
    },
)
