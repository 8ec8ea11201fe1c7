"""What the health checks and the index answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.version import VERSION

DependencyState = Literal["ok", "read_only", "unavailable"]


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
