"""What admins ask about people of staff. Pure."""

from typing import Annotated

from msgspec import Meta

from fincore.staff.acting import Reasoned

Roles = Annotated[
    list[
        Annotated[
            str,
            Meta(
                min_length=1,
                max_length=80,
                description="A role, with :live or :test and @mer_... behind it where it counts there alone.",
                examples=["support:live"],
            ),
        ]
    ],
    Meta(min_length=1, max_length=20, description="The roles that the person is to have."),
]


class StaffPersonRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person to add."""

    username: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            description="The name to log in with.",
            examples=["ada@example.com"],
        ),
    ]
    name: Annotated[
        str,
        Meta(max_length=255, description="The name to show; empty: the username.", examples=["Ada Byron"]),
    ] = ""
    roles: Roles


class StaffRolesRequest(Reasoned, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roles that a person is to have in place of the present ones."""

    roles: Roles
