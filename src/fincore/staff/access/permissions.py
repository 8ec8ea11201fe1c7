"""What each role of staff may do: one table, which the guide prints and a test compares with every route. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple, get_args

Role = Literal["viewer", "support", "finance", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

Permission = Literal[
    "self.read",
    "payments.read",
    "payments.act",
    "reviews.decide",
    "outcomes.resolve",
    "jobs.read",
    "jobs.replay",
    "deliveries.read",
    "deliveries.replay",
    "books.read",
    "breaks.decide",
    "exports.read",
    "audit.read",
    "proposals.read",
    "money.approve",
    "settings.approve",
    "merchants.read",
    "merchants.manage",
    "rules.read",
    "rules.manage",
    "routes.read",
    "routes.manage",
    "staff.read",
    "staff.manage",
    "installation.read",
]


class Allowed(NamedTuple):
    """The roles that have a permission, and what it lets them do, as a verb phrase."""

    roles: tuple[Role, ...]
    meaning: str


_ALL: Final = ROLES
PERMISSIONS: Final[Mapping[Permission, Allowed]] = MappingProxyType(
    {
        "self.read": Allowed(_ALL, "see the own name and roles"),
        "payments.read": Allowed(
            _ALL, "search and see charges, refunds, disputes, checkout sessions and reviews"
        ),
        "payments.act": Allowed(("support", "finance"), "refund, capture, cancel, and ask the PSP"),
        "reviews.decide": Allowed(("support", "finance"), "approve or decline a charge under review"),
        "outcomes.resolve": Allowed(("support", "finance"), "say what became of an unknown outcome"),
        "jobs.read": Allowed(_ALL, "see dead letters and parked streams"),
        "jobs.replay": Allowed(
            ("support", "admin"), "replay or discard dead letters, and resume parked streams"
        ),
        "deliveries.read": Allowed(_ALL, "see deliveries of webhooks to merchants"),
        "deliveries.replay": Allowed(("support", "admin"), "replay deliveries of webhooks"),
        "books.read": Allowed(
            ("viewer", "finance", "admin"), "see ledger, runs of reconciliation, breaks and payouts"
        ),
        "breaks.decide": Allowed(("finance",), "explain, assign, adjust and write off breaks"),
        "exports.read": Allowed(("finance", "admin"), "download lists as CSV"),
        "audit.read": Allowed(("finance", "admin"), "see the audit trail of staff"),
        "proposals.read": Allowed(("support", "finance", "admin"), "see acts that wait for a second person"),
        "money.approve": Allowed(("finance",), "approve, as the second person, an act that moves money"),
        "settings.approve": Allowed(("admin",), "approve, as the second person, a change of settings"),
        "merchants.read": Allowed(_ALL, "see merchants, keys, endpoints, fee plans and origins"),
        "merchants.manage": Allowed(("admin",), "change merchants, keys, endpoints, fee plans and origins"),
        "rules.read": Allowed(_ALL, "see risk rules and lists, and back-test rules"),
        "rules.manage": Allowed(("admin",), "change risk rules and lists"),
        "routes.read": Allowed(_ALL, "see routing rules, accounts and breakers"),
        "routes.manage": Allowed(("admin",), "change routing rules"),
        "staff.read": Allowed(("admin",), "see the people of the built-in issuer"),
        "staff.manage": Allowed(("admin",), "add people, change their roles and disable them"),
        "installation.read": Allowed(_ALL, "see what needs a person, and the state of the system"),
    }
)
"""Permission -> the roles that have it. Viewers read, support acts on payments, finance on payments and books, admins on settings."""


def permissions_of(role: Role) -> frozenset[Permission]:
    """What one role may do."""
    return frozenset(permission for permission, allowed in PERMISSIONS.items() if role in allowed.roles)


def permissions_table() -> str:
    """The table as Markdown, for the guide."""
    head = f"| permission | lets a person | {' | '.join(ROLES)} |\n|---|---|{'---|' * len(ROLES)}"
    rows = (
        f"| `{name}` | {allowed.meaning} | {' | '.join('yes' if role in allowed.roles else '' for role in ROLES)} |"
        for name, allowed in PERMISSIONS.items()
    )
    return "\n".join((head, *rows))
