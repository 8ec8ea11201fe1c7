"""What the health checks answer."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

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
