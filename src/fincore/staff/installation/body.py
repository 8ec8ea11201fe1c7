"""What `/staff/v1/installation` answers. Pure."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from fincore.backoffice.installation_page import Installation
from fincore.public.fields import ObjectName
from fincore.version import VERSION


class StaffProcessBody(msgspec.Struct, frozen=True, kw_only=True):
    """Processes of one kind that have sessions at the event store."""

    process: Annotated[str, Meta(description="The role or the command.", examples=["worker"])]
    sessions: Annotated[int, Meta(description="How many sessions all of them have.")]


class StaffSchemaBody(msgspec.Struct, frozen=True, kw_only=True):
    """A schema, and how far it is."""

    store: Annotated[
        Literal["eventstore", "paymentdb", "ledgerdb"], Meta(description="The store that it lives in.")
    ]
    package: Annotated[str, Meta(description="The package of its migrations.")]
    applied: Annotated[
        int | None, Meta(description="How many migrations were applied; null where it could not be read.")
    ]
    latest: Annotated[str | None, Meta(description="The latest of them; null for none.")]
    pending: Annotated[
        list[str], Meta(description="Those that this release has and the store lacks: run `fincore migrate`.")
    ]


class StaffSettingBody(msgspec.Struct, frozen=True, kw_only=True):
    """A setting of the process that answers."""

    name: Annotated[str, Meta(description="Its name.", examples=["FINCORE_STAFF_PORT"])]
    value: Annotated[str | None, Meta(description="Its value; null for a secret, set or not.")]
    is_set: Annotated[bool, Meta(description="Whether it has a value.")]
    origin: Annotated[
        str, Meta(description="Where the value comes from: `default`, `environment`, or a file.")
    ]
    meaning: Annotated[str, Meta(description="What it means.")]


class StaffInstallationBody(msgspec.Struct, frozen=True, kw_only=True):
    """What this installation is."""

    object: Annotated[Literal["installation"], ObjectName] = "installation"
    version: Annotated[str, Meta(description="The version of FinCore that answers.")]
    processes: Annotated[
        list[StaffProcessBody] | None,
        Meta(
            description="The processes that have a session at the event store now; one that is idle may have none. null: it could not be read."
        ),
    ]
    schemas: Annotated[list[StaffSchemaBody], Meta(description="The schemas, by store.")]
    settings: Annotated[
        list[StaffSettingBody], Meta(description="The settings of the process that answers, without secrets.")
    ]


def render_installation(found: Installation) -> StaffInstallationBody:
    """What this installation is."""
    return StaffInstallationBody(
        version=VERSION,
        processes=None
        if found.processes is None
        else [StaffProcessBody(process=one.process, sessions=one.sessions) for one in found.processes],
        schemas=[
            StaffSchemaBody(
                store=msgspec.convert(one.store, Literal["eventstore", "paymentdb", "ledgerdb"]),
                package=one.package,
                applied=None if one.applied is None else len(one.applied),
                latest=one.applied[-1] if one.applied else None,
                pending=one.pending,
            )
            for one in found.schemas
        ],
        settings=[StaffSettingBody(**one._asdict()) for one in found.settings],
    )
