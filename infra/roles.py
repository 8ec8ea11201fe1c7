"""Each role of FinCore as a service of Fargate: where it listens, who reaches it, and where it calls. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.bootstrap.roles import ROLES, STORES_OF_ROLE, Role

Balancer = Literal["api", "inner", "cards"]
"""`api` is for merchants and PSPs and `cards` for merchants that send card numbers, both on the internet; CloudFront alone reaches `inner`."""
Outside = Literal["https", "sftp", "smtp"]
SubnetGroup = Literal["public", "ingress", "app", "cards", "data"]

OPS_PORT: Final = 9100
PORT_OF_PROTOCOL: Final[Mapping[Outside, int]] = MappingProxyType({"https": 443, "sftp": 22, "smtp": 587})


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A service. `port`: what it serves beside health and metrics. `calls`: what it calls on the internet, and why. `asks_risk`: the function, where there is one."""

    role: Role
    subnets: SubnetGroup = "app"
    port: int | None = None
    port_setting: str | None = None
    balancer: Balancer | None = None
    calls: Mapping[Outside, str] = {}
    uses_cache: bool = False
    counts_attempts: bool = False
    keeps_evidence: bool = False
    reads_cards: bool = False
    carries_events: bool = False
    sends_jobs: bool = False
    takes_jobs: bool = False
    wraps_keys: bool = False
    tells_operations: bool = False
    asks_risk: bool = False

    @property
    def ops_port(self) -> int:
        """Where health and metrics are."""
        return OPS_PORT + ROLES.index(self.role)

    @property
    def stores(self) -> tuple[str, ...]:
        """The stores that the role reaches: those it needs, and LedgerDB where it shows the books while it is there."""
        needed = dict.fromkeys((*STORES_OF_ROLE[self.role], "eventstore"))
        if self.role in SHOW_BOOKS:
            needed["ledgerdb"] = None
        return tuple(sorted(needed))


SHOW_BOOKS: Final[frozenset[Role]] = frozenset({"api", "staff"})
"""The roles that show the books while LedgerDB is there, and start without it."""

SERVICES: Final[tuple[Service, ...]] = (
    Service(
        role="api",
        port=8080,
        port_setting="FINCORE_API_PORT",
        balancer="api",
        calls={"https": "certificates that sign webhooks of PayPal"},
        uses_cache=True,
        counts_attempts=True,
        asks_risk=True,
    ),
    Service(
        role="worker",
        calls={"https": "PSPs, and the card edge for tokens of kept cards, by its name on the internet"},
        counts_attempts=True,
        takes_jobs=True,
        asks_risk=True,
    ),
    Service(role="projectionist"),
    Service(role="ledger"),
    Service(role="notify", calls={"https": "webhooks of merchants"}),
    Service(role="auditor"),
    Service(role="checkout", port=8081, port_setting="FINCORE_CHECKOUT_PORT", balancer="inner"),
    Service(
        role="card-edge",
        subnets="cards",
        port=8443,
        port_setting="FINCORE_CARD_EDGE_PORT",
        balancer="cards",
        calls={"https": "PSPs that make tokens of cards"},
        counts_attempts=True,
        reads_cards=True,
        wraps_keys=True,
    ),
    Service(role="risk"),
    Service(
        role="reconciliation",
        calls={
            "https": "reports of PSPs, notices to operations",
            "sftp": "settlement files of PSPs",
            "smtp": "notices to operations",
        },
        keeps_evidence=True,
        tells_operations=True,
    ),
    Service(
        role="staff",
        port=8082,
        port_setting="FINCORE_STAFF_PORT",
        balancer="inner",
        calls={"https": "keys of the user pool of Cognito"},
    ),
    Service(role="relay", carries_events=True, sends_jobs=True),
)
"""Every role, in the order in which `fincore up` starts them."""

DEPLOYED: Final[tuple[Role, ...]] = tuple(one.role for one in SERVICES)

SERVICE_OF: Final[Mapping[Role, Service]] = MappingProxyType({one.role: one for one in SERVICES})
