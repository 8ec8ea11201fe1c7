"""The server of staff as one application: stores and people in. The staff role and the tests compose it here.

Each resource is made in one line of `_resources`, or by a function of a module `staff_<resource>` beside this one.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from fincore.api.docs.document import ApiDescription, openapi_document
from fincore.backoffice.installation_page import ShownSetting
from fincore.bootstrap.databases import Stores
from fincore.bootstrap.outages import store_outage
from fincore.bootstrap.staff_act_services import ActLimits
from fincore.bootstrap.staff_acts import acts_resources
from fincore.bootstrap.staff_ledger import ledger_resources
from fincore.bootstrap.staff_merchants import merchant_resources
from fincore.bootstrap.staff_operations import operations_resources
from fincore.bootstrap.staff_payments import payment_resources
from fincore.bootstrap.staff_reconciliation import reconciliation_resources
from fincore.bootstrap.staff_rules import rule_resources
from fincore.bootstrap.staff_services import StaffServices
from fincore.domain.clock import Clock
from fincore.domain.events import ChargeEvent
from fincore.domain.log_events import LogEvent
from fincore.eventstore.idempotent_changes import IdempotentChanges
from fincore.eventstore.log import EventLog
from fincore.eventstore.watch import StreamWatch
from fincore.eventstore.writer import Writer
from fincore.http.asgi import Application
from fincore.http.endpoint import Route
from fincore.http.health.handlers import Health, Probe
from fincore.http.resource import Resource
from fincore.postgres.pool import store_state
from fincore.staff.access.admission import Admission, People
from fincore.staff.acting import StaffActs
from fincore.staff.app import StaffBounds, create_staff_app, routes_of
from fincore.staff.audit_trail.handlers import AuditTrail
from fincore.staff.dashboard.body import ConfigurationBody
from fincore.staff.dashboard.handlers import Dashboard
from fincore.staff.documentation import Documentation
from fincore.staff.me.handlers import Me
from fincore.staff.security_headers import security_headers
from fincore.write.psp.account import ConfiguredAccount
from fincore.write.staff.acts import Acts

STAFF_API: Final = ApiDescription(
    title="FinCore Payments for staff",
    description="Find payments, understand them, and act. Amounts are integers in the minor unit of the currency. Times are RFC 3339. "
    "Errors are RFC 9457 problem details. Every request needs an access token of the issuer that this installation trusts.",
    tags={
        "Staff": "Who is logged in.",
        "Payments": "Find charges, and what belongs to them.",
        "Installation": "What this installation is: version, processes, schemas, settings.",
        "Home": "What needs a person today, and the state of the system.",
        "Acts on charges": "Refund, capture, cancel, and have the PSP asked.",
        "Decisions on charges": "Decide reviews, unknown outcomes and held reports.",
        "Acts on breaks": "End breaks by entries, and take them back.",
        "People": "Who is of staff at the built-in issuer, and in which roles.",
        "Proposals": "What one person asks for and a second person approves.",
        "Dead letters": "Jobs that failed for good: see what a replay would do, replay or discard them.",
        "Risk": "Risk rules and lists: versions, drafts, shadow, back-tests, entries.",
        "Routing": "Where charges go: rules, accounts at PSPs, and trying both on a charge.",
        "Merchants": "Merchants with their keys, fee plans and origins.",
        "Webhooks": "Endpoints of merchants and what is sent to them: how they fare, enabling them, sending again.",
        "Parked streams": "What consumers of the log no longer follow, and following it again.",
        "Ledger": "Accounts, entries and balances as of any moment, and the seals that vouch for them.",
        "Exports": "Lists as CSV files, whole, with totals that can be compared with the ledger.",
        "Reconciliation": "Settlement files and their sources, runs and days with their reports, and what is uncleared.",
        "Breaks": "What statements and the ledger say differently, and what a person does about it.",
        "Audit trail": "What people of staff did, and why.",
        "Service": "Health checks and this document.",
    },
    security_schemes={
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token.",
        }
    },
    authenticated_problems=(
        "token_missing",
        "token_invalid",
        "permission_missing",
        "rate_limited",
        "issuer_unavailable",
    ),
)


class StaffOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation may decide about its server of staff.

    `staff_url` is where staff reach it; None where it is not configured. `dashboard` is how the dashboard logs people in, and
    `issuer_origins` are the origins besides this server's that it calls for that; without it no dashboard is served. `limits` are what
    one person may move alone, and `accounts` those at PSPs that routing rules may name. `settings` are shown to staff. `issuer` are the paths of the built-in issuer, where staff log in there.
    """

    staff_url: str | None = None
    dashboard: ConfigurationBody | None = None
    issuer_origins: tuple[str, ...] = ()
    limits: ActLimits = ActLimits()
    accounts: tuple[ConfiguredAccount, ...] = ()
    settings: tuple[ShownSetting, ...] = ()
    issuer: tuple[Resource, ...] = ()


def build_staff(
    stores: Stores,
    people: People,
    options: StaffOptions,
    *,
    writer: Writer[LogEvent],
    watch: StreamWatch,
    log: EventLog[ChargeEvent],
    clock: Clock,
    bounds: StaffBounds | None = None,
    probes: Mapping[str, Probe] | None = None,
) -> Application:
    """The server. `writer` and `watch` must be running while it serves; `probes`, by name, are those of the stores if None."""
    services = StaffServices(
        stores=stores,
        admission=Admission(people),
        acts=StaffActs(IdempotentChanges(stores.eventstore), Acts(stores.eventstore)),
        limits=options.limits,
        accounts=options.accounts,
        settings=options.settings,
        keeps_people=bool(options.issuer),
        writer=writer,
        watch=watch,
        log=log,
        clock=clock,
    )
    health = Health(_probes(stores) if probes is None else probes)
    resources = (*staff_resources(services), health)
    documentation = Documentation(lambda: msgspec.json.encode(staff_document(routes_of(resources))))
    return create_staff_app(
        (*resources, documentation, *_dashboard(options), *options.issuer),
        bounds=bounds or StaffBounds(),
        headers=security_headers(options.staff_url),
        outage_of=store_outage,
        staff_url=options.staff_url,
    )


def staff_resources(services: StaffServices) -> tuple[Resource, ...]:
    """The resources of `/staff/v1`, in the order of the documentation."""
    return (
        Me(services.admission),
        *payment_resources(services),
        *acts_resources(services),
        *operations_resources(services),
        *merchant_resources(services),
        *rule_resources(services),
        *ledger_resources(services),
        *reconciliation_resources(services),
        AuditTrail(services.admission, Acts(services.stores.eventstore)),
    )


def _dashboard(options: StaffOptions) -> tuple[Resource, ...]:
    if options.dashboard is None:
        return ()
    return (Dashboard(options.dashboard, issuer_origins=options.issuer_origins),)


def staff_document(routes: Sequence[Route]) -> dict[str, object]:
    """The OpenAPI document of some routes of staff."""
    return openapi_document(routes, {}, about=STAFF_API)


def _probes(stores: Stores) -> dict[str, Probe]:
    """What has to answer before requests can be served; without LedgerDB only the books cannot be seen."""
    return {
        "eventstore": lambda: store_state(stores.eventstore),
        "paymentdb": lambda: store_state(stores.paymentdb, writes=False),
    }
