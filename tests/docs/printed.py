"""What the docs print from the code: each block of Markdown below a mark `<!-- printed: name -->`, by name.

`.venv/bin/python tests/docs/printed.py` writes every block anew after the code has changed.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from prometheus_client.metrics import MetricWrapperBase

from fincore.alerting import cloudwatch
from fincore.alerting.alert import SEVERITIES, Alert
from fincore.alerting.alerts import ALERTS
from fincore.alerting.objectives import OBJECTIVES
from fincore.api.psp_webhooks import handlers as psp_webhooks
from fincore.audit.charge_checks import CHECKS
from fincore.audit.invariants import INVARIANTS
from fincore.backoffice.charge_results import RESULTS
from fincore.backoffice.charge_waits import WAITS
from fincore.backoffice.job_outlook import REPLAYS
from fincore.backoffice.search_readings import READINGS
from fincore.bootstrap.serving import CONNECTIONS_WAITING_MAX
from fincore.bootstrap.settings import SETTINGS
from fincore.checkout import address_limit
from fincore.checkout.csp_reports import handlers as csp_reports
from fincore.domain import money
from fincore.domain.ids import new_charge_id
from fincore.domain.outcome import Declined
from fincore.domain.payout_statuses import payout_table
from fincore.domain.proposal import proposal_kind_table, proposal_table
from fincore.domain.public_event import MEANINGS, SHOWN
from fincore.domain.public_session_event import SESSION_FIELDS, SESSION_MEANINGS
from fincore.domain.route_plan import ATTEMPTS_MAX
from fincore.domain.settlement_file import SUM_MINOR_MAX
from fincore.domain.transition_table import (
    attempt_table,
    checkout_attempt_table,
    checkout_session_table,
    transition_table,
)
from fincore.eventstore import subscription, writer
from fincore.http import connection, endpoint, gate, idempotency_key, idempotent_call, rate_limit
from fincore.http.problems import PROBLEMS
from fincore.notify import deliverer, leases, sender
from fincore.notify import destination as webhook_destination
from fincore.notify import endpoint as webhook_endpoint
from fincore.notify import retry_schedule as webhook_retries
from fincore.observability.tracing.span_sorts import ATTRIBUTES, SORTS
from fincore.postgres import pool
from fincore.read.ledger.accounts import chart_table
from fincore.read.ledger.journal import journal_table
from fincore.read.page import PAGE_ROWS_MAX
from fincore.reconciliation.adjustments.decision import adjustable_table
from fincore.reconciliation.breaks.break_status import STATUS_MEANINGS, break_status_table
from fincore.reconciliation.breaks.next_steps import NEXT_STEPS
from fincore.reconciliation.formats import paypal_events, paypal_rows, records, xml_elements
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.formats.stripe_categories import CATEGORIES
from fincore.reconciliation.line import REFERENCE_CHARACTERS_MAX
from fincore.reconciliation.matching.differences import MEANINGS as BREAK_MEANINGS
from fincore.reconciliation.matching.differences import break_table
from fincore.reconciliation.notification.findings import MEANINGS as FINDING_MEANINGS
from fincore.reconciliation.totals import TYPES_MAX
from fincore.staff.access.permissions import permissions_table
from fincore.write.merchants import origins
from fincore.write.merchants.origin import ORIGIN_CHARACTERS_MAX
from fincore.write.payments import metadata
from fincore.write.psp.http import RESPONSE_BYTES_MAX
from fincore.write.psp.paypal.outcome_table import outcome_table as paypal_outcome_table
from fincore.write.psp.stripe import client
from fincore.write.psp.stripe.limits import STRIPE_LIMITS
from fincore.write.psp.stripe.mapping import outcome_of
from fincore.write.psp.stripe.outcome_table import outcome_table
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.webhook_reports import SUBSCRIBED_TYPES
from fincore.write.psp.stripe.webhooks import TOLERANCE_SECONDS
from fincore.write.psp.stripe.wire import PaymentIntent, StripeError
from fincore.write.risk import features, outcomes
from fincore.write.risk import rule_file as risk_rule_file
from fincore.write.risk.rule_states import NEXT_STATES, SHADOW_MAX, STATES
from fincore.write.risk.rules import STAGES
from fincore.write.routing import rule_file
from fincore.write.routing.facts import FACTS
from fincore.write.rules.cel import CONDITION_CHARACTERS_MAX
from fincore.write.worker.policies.follow_up_jobs import FOLLOW_UPS, PAUSES, FollowUpTimes, PollPolicy
from fincore.write.worker.policies.janitor import JanitorPolicy
from fincore.write.worker.policies.retry_policy import RetryPolicy
from fincore.write.worker.worker import IDEMPOTENCY_KEYS_KEPT_FOR
from psp_sandbox.stripe.cards import CARDS
from psp_sandbox.stripe.outcomes import DECLINES

PROJECT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = tuple(
    sorted(
        path
        for pattern in ("*.md", ".github/**/*.md", "docs/**/*.md", "src/*/README.md")
        for path in PROJECT.glob(pattern)
    )
)
_BLOCK: Final = re.compile(
    r"^(<!-- printed: (\w+) -->\n)(```text\n.*?^```$(?=\n\n|\n?\Z)|(?:^\|[^\n]*\|$\n?)+(?<!\n)(?=\n\n|\n?\Z)|(?=\n))",
    re.DOTALL | re.MULTILINE,
)


def printed_blocks(text: str) -> Iterator[tuple[str, str]]:
    """The name and the content of each printed block of a document."""
    return ((match[2], match[3]) for match in _BLOCK.finditer(text))


def of_infra(name: str, module: str = "infra.tables") -> str:
    """A table of `infra`, which is beside the package and is found from the root of the project."""
    if str(PROJECT) not in sys.path:
        sys.path.append(str(PROJECT))
    head, *rows = getattr(import_module(module), name)()
    return _table(head, rows)


def aws_ports() -> str:
    """Which suite of a port runs on which adapters and emulators, as the tests declare it."""
    if str(PROJECT / "tests") not in sys.path:
        sys.path.append(str(PROJECT / "tests"))
    suites = import_module("contract.test_second_emulator").SUITES
    head, *rows = import_module("fixtures.ports").port_table(suites)
    return _table(head, rows)


def arrows() -> str:
    """Which package may import which, highest first, from the configuration of import-linter."""
    with (PROJECT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return _text("\n".join(layer.replace("fincore.", "") for layer in layers))


def janitor_schedule() -> str:
    """The janitor's policy, one line a step."""
    policy = JanitorPolicy()
    last = len(policy.pauses_seconds)
    lines = [
        f"inquiry {number}{' and every later one' if number == last else ''}: after {pause:g} s"
        for number, pause in enumerate(policy.pauses_seconds, start=1)
    ]
    limits = STRIPE_LIMITS.operations["authorize"]
    window_seconds = min(policy.replay_window_seconds, limits.key_safe_seconds)
    never_seconds = window_seconds + limits.call_timeout_seconds + limits.search_lag_seconds
    lines += [
        f"each pause is varied by {policy.jitter:.0%}, up or down",
        f"not found: the call is repeated until {window_seconds:g} s after the charge was created",
        f"still not found: the charge fails, at the earliest {never_seconds:g} s after it was created",
        f"no answer for {policy.give_up_seconds:g} s: the job is held for a person",
    ]
    return _text("\n".join(lines))


def job_replays() -> str:
    """What each kind of job does when it is done again, and why it does it once."""
    rows = [(f"`{kind}`", replay.does, replay.once) for kind, replay in REPLAYS.items()]
    return _table(("job", "does", "why once"), rows)


def follow_up_table() -> str:
    """The jobs that events call for, with the pauses of the default policies."""
    times = FollowUpTimes(
        policy=PollPolicy(),
        first_inquiry_seconds=JanitorPolicy().pause_seconds(1, fraction=0.5),
        hold_seconds=STRIPE_LIMITS.hold_seconds,
    )
    rows = []
    for row in FOLLOW_UPS:
        seconds = PAUSES[row.pause](times)
        due = "now" if row.pause == "none" else f"{seconds:g} s after {row.start} ({row.pause})"
        rows.append(
            (f"`{row.event}`", row.condition or "", f"`{row.kind}`", due.replace("after now", "later"))
        )
    return _table(("event", "if", "job", "due"), rows)


def psp_limits() -> str:
    """For how long Stripe's promises hold, by operation."""
    rows = [
        (
            operation,
            f"{limits.key_safe_seconds:g} s",
            f"{limits.call_timeout_seconds:g} s",
            f"{limits.search_lag_seconds:g} s" if limits.search_lag_seconds else "",
        )
        for operation, limits in STRIPE_LIMITS.operations.items()
    ]
    return _table(
        ("operation", "its key is safe for", "a call takes effect within", "the search lags by"), rows
    )


def settings() -> str:
    """The settings, in the order of the code."""
    rows = [
        (
            f"`{setting.name}`",
            f"`{setting.default}`" if setting.default else "",
            setting.read.allowed,
            setting.meaning,
        )
        for setting in SETTINGS
    ]
    return _table(("setting", "default", "allowed", "meaning"), rows)


def problems() -> str:
    """Every error code, by status."""
    rows = [
        (str(kind.status), f"`{code}`", kind.title, kind.what_to_do, "yes" if kind.retryable else "")
        for code, kind in sorted(PROBLEMS.items(), key=lambda item: (item[1].status, item[0]))
    ]
    return _table(("status", "code", "meaning", "what to do", "send the same again"), rows)


def invariants() -> str:
    """Every invariant and what its failure means: the docstring that stands below the invariant in its file."""
    rows = []
    for invariant in INVARIANTS:
        path = PROJECT / "src/fincore/audit/invariants" / f"{invariant.name}.py"
        failure = re.search(
            r'^"""If it fails, (.+?)"""\Z', path.read_text().strip(), re.DOTALL | re.MULTILINE
        )
        if failure is None:
            raise ValueError(f"{path} does not end with what the invariant's failure means")
        meaning = failure[1][:1].upper() + failure[1][1:]
        rows.append((f"`{invariant.name}`", invariant.sentence, meaning))
    return _table(("invariant", "what must hold", "what it means when it is broken"), rows)


def public_events() -> str:
    """Every event as a merchant sees it."""
    rows = [
        (f"`{event}`", MEANINGS[event], " ".join(f"`{field}`" for field in fields))
        for event, fields in SHOWN.items()
    ]
    rows += [
        (f"`{event}`", meaning, " ".join(f"`{field}`" for field in SESSION_FIELDS))
        for event, meaning in SESSION_MEANINGS.items()
    ]
    return _table(("type", "meaning", "in its `data`"), rows)


RATE_SETTINGS = "`FINCORE_RATE_LIMIT_LIVE_PER_SECOND`, `FINCORE_RATE_LIMIT_TEST_PER_SECOND`"


def limits() -> str:
    """The bounds a person may meet."""
    key, value = metadata.METADATA_KEY_CHARACTERS_MAX, metadata.METADATA_VALUE_CHARACTERS_MAX
    pairs = f"{metadata.METADATA_PAIRS_MAX} pairs, keys of {key} and values of {value} characters"
    rows = [
        ("requests one `api` process works on", f"{gate.REQUESTS_IN_FLIGHT_MAX:,}", "503 `overloaded`"),
        ("of one merchant in live mode", f"1/{gate.LIVE_SHARE} of them", "429 `rate_limited`"),
        ("of all merchants in test mode", f"1/{gate.LIVE_SHARE} of them", "429 `rate_limited`"),
        ("of one merchant in test mode", f"1/{gate.TEST_SHARE} of them", "429 `rate_limited`"),
        (
            "requests that wait (`Prefer: wait`), in the same shares",
            f"{gate.REQUESTS_WAITING_MAX:,}",
            "answered at once",
        ),
        (
            "webhooks of PSPs one `api` process works on",
            f"{gate.WEBHOOKS_IN_FLIGHT_MAX:,}",
            "503 `overloaded`",
        ),
        (
            "requests of one API key to one `api` process",
            f"{RATE_SETTINGS}; {rate_limit.BURST_SECONDS} s worth at once",
            "429 `rate_limited`",
        ),
        (
            "requests of one address of customers to one `checkout` process",
            f"{address_limit.PER_SECOND:g} a second; {address_limit.AT_ONCE_MAX} at once",
            "429 `rate_limited`",
        ),
        (
            "reports of browsers from one address",
            f"{csp_reports.REPORTS_PER_SECOND:g} a second; {csp_reports.REPORTS_AT_ONCE_MAX} at once",
            "429 `rate_limited`",
        ),
        (
            "origins of one merchant in one mode",
            f"{origins.ORIGINS_MAX} of {ORIGIN_CHARACTERS_MAX} characters",
            "refused by `fincore merchant origins add`",
        ),
        (
            "connections to one `api` or `checkout` process",
            f"{connection.CONNECTIONS_MAX:,}; `FINCORE_CONNECTIONS_PER_ADDRESS` of one address",
            "503 `connections_too_many`",
        ),
        (
            "request line and headers",
            f"{connection.HEAD_BYTES_MAX:,} bytes, {connection.HEADERS_MAX} headers, within {connection.HEAD_SECONDS_MAX:g} s",
            "431, 408",
        ),
        ("a connection without a request", f"{connection.IDLE_SECONDS_MAX:g} s", "closed"),
        ("an answer that its client does not read", f"{connection.WRITE_SECONDS_MAX:g} s", "closed"),
        ("requests sent ahead on one connection", str(connection.PIPELINED_MAX), "closed"),
        ("connections waiting to be accepted", f"{CONNECTIONS_WAITING_MAX:,}", "refused by the kernel"),
        (
            "body of a request",
            f"{idempotent_call.BODY_BYTES_MAX:,} bytes within {endpoint.BODY_SECONDS_MAX:g} s",
            "413, 408",
        ),
        ("body of a webhook", f"{psp_webhooks.BODY_BYTES_MAX:,} bytes", "413"),
        ("`Prefer: wait`", f"{idempotent_call.WAIT_SECONDS_MAX} s", "waits that long"),
        ("amount", f"{money.AMOUNT_MINOR_MAX:,} minor units", "422"),
        (
            "routing rules",
            (
                f"{rule_file.RULES_MAX} in {rule_file.TEXT_CHARACTERS_MAX:,} characters, a condition {CONDITION_CHARACTERS_MAX:,}; "
                f"{rule_file.ACCOUNTS_PER_RULE_MAX} accounts and {rule_file.MERCHANTS_PER_RULE_MAX:,} merchants each"
            ),
            "refused by `fincore routes set`",
        ),
        (
            "risk rules",
            (
                f"{risk_rule_file.RULES_MAX:,} in {risk_rule_file.TEXT_CHARACTERS_MAX:,} characters, a condition "
                f"{CONDITION_CHARACTERS_MAX:,}; {risk_rule_file.MERCHANTS_PER_RULE_MAX:,} merchants each; "
                f"{SHADOW_MAX} versions in shadow"
            ),
            "refused by `fincore risk draft` and `fincore risk shadow`",
        ),
        ("attempts of one charge", str(ATTEMPTS_MAX), "the plan names no further account"),
        (
            "metadata",
            pairs,
            "422",
        ),
        ("entries on one page", str(PAGE_ROWS_MAX), "400"),
        ("an idempotency key", f"{idempotency_key.KEY_CHARACTERS_MAX} characters", "400"),
        (
            "how long a key is remembered",
            f"{IDEMPOTENCY_KEYS_KEPT_FOR.total_seconds() / 3600:g} h",
            "then it is a new key",
        ),
        (
            "waiting for a connection to a store",
            f"{pool.ACQUIRE_TIMEOUT_SECONDS:g} s",
            "503 `store_unavailable`",
        ),
        ("a statement", f"{pool.COMMAND_TIMEOUT_SECONDS:g} s", "503 `store_unavailable`"),
        ("commits waiting in one process", f"{writer.COMMITS_WAITING_MAX:,}", "503 `overloaded`"),
        ("commits in one transaction", str(writer.BATCH_COMMITS_MAX), "the next batch"),
        ("events in one step of a consumer", f"{subscription.BATCH_EVENTS_MAX:,}", "the next step"),
        ("a response of a PSP", f"{RESPONSE_BYTES_MAX:,} bytes", "the outcome is unknown"),
        ("age of a webhook's signature", f"{TOLERANCE_SECONDS} s", "400"),
        ("webhook endpoints of a merchant in a mode", str(webhook_endpoint.ENDPOINTS_MAX), "409"),
        (
            "the URL of a webhook endpoint",
            f"{webhook_destination.URL_CHARACTERS_MAX:,} characters",
            "422",
        ),
        (
            "an attempt to deliver a webhook",
            f"{sender.TIMEOUT_SECONDS:g} s, {sender.ANSWER_BYTES_MAX:,} bytes of answer read",
            "fails; the rest is not read",
        ),
        (
            "attempts to deliver at a time",
            f"{deliverer.ATTEMPTS_UNDER_WAY_MAX} in a process; {leases.PLACES_MIN} at an endpoint, {leases.PLACES_MAX} at a quick one",
            "wait",
        ),
        ("how long a delivery is kept", f"{deliverer.KEPT_FOR.days} days", "forgotten once it ended"),
    ]
    return _table(("what", "at most", "beyond it"), rows)


def test_cards() -> str:
    """What becomes of a charge with each test card that does more than pay: the sandbox's word through our mapping."""
    rows = [("`pm_card_visa`", "`succeeded`, or `authorized` with `capture: false`", "", "")]
    for card in (card for card in CARDS if card.tokens):
        token = f"`{card.tokens[0]}`"
        if card.authentication in ("required", "required_on_session"):
            rows.append((token, "`requires_action`", "", ""))
        elif card.decline is not None:
            said = DECLINES[card.decline]
            error = StripeError(
                type="card_error",
                code=said.code,
                decline_code=said.decline_code,
                advice_code=said.advice_code,
                message=said.message,
            )
            answer = Response[PaymentIntent](
                status=402, body=None, error=error, request_id=None, should_retry=None
            )
            outcome = outcome_of(answer, new_charge_id(), now=datetime(2026, 1, 1, tzinfo=UTC))
            if not isinstance(outcome, Declined):
                raise TypeError(f"{token} should be declined, not {outcome}")
            failure = outcome.failure
            rows.append(
                (token, f"`failed`, `{failure.code}`", f"`{failure.decline_code}`", f"`{failure.advice}`")
            )
    return _table(("token", "`status` and `failure.code`", "`decline_code`", "`advice`"), rows)


def metrics() -> str:
    """Every metric of FinCore, by name, with its labels."""
    rows = []
    for path in sorted((PROJECT / "src/fincore").rglob("metrics.py")):
        module = import_module(".".join(path.relative_to(PROJECT / "src").with_suffix("").parts))
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                kind = str(metric._type)
                name = f"{metric._name}_total" if kind == "counter" else metric._name
                labels = ", ".join(f"`{label}`" for label in metric._labelnames)
                rows.append((f"`{name}`", kind, labels, metric._documentation))
    return _table(("metric", "kind", "labels", "meaning"), sorted(rows))


def alerts() -> str:
    """Every alert, in the order of the code."""
    rows = [
        (
            f"[{alert.name}](../runbooks/{alert.name}.md)",
            alert.severity,
            f"`{alert.expression}`",
            f"{alert.for_seconds} s" if alert.for_seconds else "",
            alert.meaning,
        )
        for alert in ALERTS
    ]
    return _table(("alert", "severity", "when", "for", "what it means"), rows)


def alert_page(alert: Alert) -> str:
    """What the page of an alert begins with."""
    rows = [
        ("what it means", alert.meaning),
        ("severity", f"{alert.severity}: {SEVERITIES[alert.severity]}"),
        ("fires where", f"`{alert.expression}`"),
        ("for", f"{alert.for_seconds} s" if alert.for_seconds else "at once"),
        ("in CloudWatch", cloudwatch.told(alert.cloudwatch)),
    ]
    return _table((alert.name, ""), rows)


def objectives() -> str:
    """What merchants may expect, and how each is measured."""
    rows = [
        (one.name, one.about, f"{one.target:.4g}", f"{one.days} days", f"`{one.bad}` of `{one.events}`")
        for one in OBJECTIVES
    ]
    return _table(("objective", "what is to hold", "share", "over", "what counts as bad"), rows)


def ledger_example() -> str:
    """The life of one charge as the journal books it, and what that leaves on the accounts after each event."""
    from fixtures.money_events import ledger_story  # noqa: PLC0415 -- run as a script, this file finds it only in `main`

    return _text(ledger_story())


def ledger_failover() -> str:
    """The life of a charge with a failover, booked event by event."""
    from fixtures.money_events import (  # noqa: PLC0415 -- run as a script, this file finds it only in `main`
        FAILOVER,
        ledger_story,
    )

    return _text(ledger_story(FAILOVER))


def ledger_settlement() -> str:
    """A charge from its capture to the bank statement, booked event by event."""
    from fixtures.money_events import (  # noqa: PLC0415 -- run as a script, this file finds it only in `main`
        ledger_story,
    )
    from fixtures.settlement_money import SETTLED_CHARGE  # noqa: PLC0415 -- as above

    return _text(ledger_story(SETTLED_CHARGE))


def ledger_conversion() -> str:
    """A charge that is settled in another currency, and its refund, booked event by event."""
    from fixtures.money_events import (  # noqa: PLC0415 -- run as a script, this file finds it only in `main`
        ledger_story,
    )
    from fixtures.settlement_money import CONVERTED_CHARGE  # noqa: PLC0415 -- as above

    return _text(ledger_story(CONVERTED_CHARGE))


def ledger_adjustments() -> str:
    """What a person decides about two differences with a PSP, booked event by event."""
    from fixtures.adjustments import ADJUSTED_CHARGE  # noqa: PLC0415 -- as above
    from fixtures.money_events import (  # noqa: PLC0415 -- run as a script, this file finds it only in `main`
        ledger_story,
    )

    return _text(ledger_story(ADJUSTED_CHARGE))


def webhook_events() -> str:
    """Which of Stripe's events FinCore reads."""
    return _text("\n".join(sorted(SUBSCRIBED_TYPES)))


def stripe_version() -> str:
    """The pinned version of Stripe's API."""
    return _text(client.API_VERSION)


def _text(content: str) -> str:
    return f"```text\n{content}\n```"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def routing_facts() -> str:
    """The facts that conditions of routing rules may name."""
    return _table(
        ("fact", "type", "meaning"),
        [(f"`{name}`", fact.type.replace("_", " "), fact.meaning) for name, fact in FACTS.items()],
    )


def risk_facts() -> str:
    """The facts of a charge that conditions of risk rules may name."""
    rows = [
        (
            f"`{name}`",
            fact.type.replace("_", " "),
            f"`has_{name}`" if fact.may_be_unknown else "",
            fact.list_kind.replace("_", " ") if fact.list_kind else "",
            fact.meaning,
        )
        for name, fact in features.FACTS.items()
    ]
    return _table(("fact", "type", "may be unknown", "lists of", "meaning"), rows)


def risk_counters() -> str:
    """What risk rules may count, by which keys and over which windows."""
    rows = [
        (
            f"`{name}`",
            one.meaning,
            ", ".join(f"`{key}`" for key in one.keys),
            ", ".join(f"`{window}`" for window in one.windows),
        )
        for name, one in features.MEASURES.items()
    ]
    return _table(("measure", "what it counts", "keys", "windows"), rows)


def risk_outcomes() -> str:
    """Which events the counters of outcomes count."""
    rows = [
        (f"`{name}`", ", ".join(f"`{measure}`" for measure in one.measures), one.meaning)
        for name, one in outcomes.OUTCOMES.items()
    ]
    return _table(("event", "counters", "when"), rows)


def paypal_event_kinds() -> str:
    """What PayPal's event codes are, groups first, then the codes that differ from theirs."""
    rows = [
        (f"`{code}`", kinds.about, f"`{kinds.credit}`", f"`{kinds.debit}`", "fee" if kinds.is_fee else "")
        for table in (paypal_events.GROUPS, paypal_events.CODES)
        for code, kinds in table.items()
    ]
    return _table(("group or code", "about", "CR is", "DR is", "amount is"), rows)


def file_limits() -> str:
    """The bounds of a settlement file that is read."""
    rows = [
        ("a line", f"{records.LINE_CHARACTERS_MAX:,} characters"),
        ("a record with line ends in quotation marks", f"{records.RECORD_LINES_MAX:,} lines"),
        ("a header", f"{records.COLUMNS_MAX} columns"),
        ("an id", f"{REFERENCE_CHARACTERS_MAX} characters"),
        ("an amount", f"{len(str(money.AMOUNT_MINOR_MAX))} digits"),
        ("a total or a balance", f"{SUM_MINOR_MAX:,} in minor units"),
        ("what the files of one account move in one currency, in and out", "the same"),
        ("types of lines", f"{TYPES_MAX:,}, each in a currency"),
        ("a tag of XML", f"{xml_elements.TOKEN_BYTES_MAX:,} bytes"),
        ("a text of XML", f"{xml_elements.TEXT_CHARACTERS_MAX:,} characters"),
        ("XML elements within each other", f"{xml_elements.DEPTH_MAX}"),
    ]
    return _table(("what", "at most"), rows)


def stl_rows() -> str:
    """The row kinds of PayPal's settlement report, and what may follow each."""
    places = {
        place: kind for following in paypal_rows.FOLLOWING.values() for kind, place in following.items()
    }
    follows = {
        kind: sorted(
            {
                one
                for place, before in places.items()
                if before == kind
                for one in paypal_rows.FOLLOWING[place]
            }
        )
        for kind in paypal_rows.ROW_KINDS
    }
    return _table(
        ("row", "is", "followed by"),
        [
            (f"`{kind}`", about, " or ".join(f"`{one}`" for one in follows[kind]) or "the end of the file")
            for kind, about in paypal_rows.ROW_KINDS.items()
        ],
    )


def load_mix() -> str:
    """The scenarios of the load tests."""
    return _rows(_load("mix").mix_table())


def load_phases() -> str:
    """The phases of a load."""
    return _rows(_load("mix").phase_table())


def load_profiles() -> str:
    """The profiles of rates of a load."""
    profiles = _load("profile").PROFILES.values()
    return _table(("profile", "rate"), [(f"`{one.name}`", one.what) for one in profiles])


def _load(module: str) -> Any:
    """A module of the load tests, which is beside the packages of the distribution."""
    return import_module(f"loadtest.generator.{module}")


def _rows(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    return _table(head, [(f"`{first}`", *others) for first, *others in body])


PRINTED: Final[Mapping[str, Callable[[], str]]] = {
    "load_mix": load_mix,
    "load_phases": load_phases,
    "load_profiles": load_profiles,
    "alerts": alerts,
    **{f"alert_{alert.name}": partial(alert_page, alert) for alert in ALERTS},
    "objectives": objectives,
    "permissions": permissions_table,
    "readings": lambda: _table(
        ("read as", "is", "example"),
        [(f"`{name}`", meaning, f"`{example}`") for name, (meaning, example) in READINGS.items()],
    ),
    "waits": lambda: _table(
        ("`code`", "what it waits for"), [(f"`{code}`", meaning) for code, meaning in WAITS.items()]
    ),
    "charge_checks": lambda: _table(
        ("check", "what has to be true"), [(f"`{name}`", sentence) for name, (sentence, _) in CHECKS.items()]
    ),
    "arrows": arrows,
    "aws_roles": partial(of_infra, "roles_table"),
    "aws_ports": aws_ports,
    "aws_functions": partial(of_infra, "functions_table"),
    "aws_arrows": partial(of_infra, "arrows_table"),
    "aws_pipeline": partial(of_infra, "pipeline_table"),
    "aws_cost": partial(of_infra, "cost_table", "infra.cost"),
    "aws_prices": partial(of_infra, "price_table", "infra.cost"),
    "file_formats": lambda: _table(
        ("format", "is", "version of the parser"),
        [(f"`{name}`", one.about, f"{one.parser_version}") for name, one in FORMATS.items()],
    ),
    "file_limits": file_limits,
    "follow_up_jobs": follow_up_table,
    "job_replays": job_replays,
    "janitor_schedule": janitor_schedule,
    "chart": lambda: _text(chart_table()),
    "journal": lambda: _text(journal_table()),
    "invariants": invariants,
    "ledger_example": ledger_example,
    "ledger_failover": ledger_failover,
    "ledger_settlement": ledger_settlement,
    "ledger_conversion": ledger_conversion,
    "ledger_adjustments": ledger_adjustments,
    "limits": limits,
    "metrics": metrics,
    "problems": problems,
    "psp_limits": psp_limits,
    "routing_facts": routing_facts,
    "risk_counters": risk_counters,
    "risk_facts": risk_facts,
    "risk_keys": lambda: _table(
        ("key", "meaning"), [(f"`{key}`", meaning) for key, meaning in features.KEYS.items()]
    ),
    "risk_outcomes": risk_outcomes,
    "risk_order": lambda: _table(
        ("stage", "how it ends"), [(f"`{stage}`", meaning) for stage, meaning in STAGES.items()]
    ),
    "risk_results": lambda: _table(
        ("result", "meaning"), [(result.replace("_", " "), meaning) for result, meaning in RESULTS.items()]
    ),
    "risk_states": lambda: _table(
        ("state", "meaning", "may become"),
        [(state, meaning, " or ".join(NEXT_STATES[state])) for state, meaning in STATES.items()],
    ),
    "public_events": public_events,
    "retry_schedule": lambda: _text(RetryPolicy().schedule()),
    "settings": settings,
    "span_attributes": lambda: _table(
        ("attribute", "meaning"), [(f"`{name}`", meaning) for name, meaning in ATTRIBUTES.items()]
    ),
    "span_sorts": lambda: _table(
        ("span", "kind", "slow from", "after or inside", "links to"),
        [(one.named, one.kind, f"{one.slow_seconds:g} s", one.parent, one.links) for one in SORTS.values()],
    ),
    "proposals": lambda: _table(("state", "step", "then", "taken by"), proposal_table()),
    "proposal_kinds": lambda: _table(
        ("proposal", "agrees to", "needed", "proposer needs", "second person needs"), proposal_kind_table()
    ),
    "paypal_events": paypal_event_kinds,
    "paypal_outcomes": lambda: _text(
        "\n".join(line.rstrip() for line in paypal_outcome_table().splitlines())
    ),
    "break_classes": lambda: _table(
        ("class", "is"), [(f"`{name}`", meaning) for name, meaning in BREAK_MEANINGS.items()]
    ),
    "break_statuses": lambda: _table(
        ("status", "is"), [(f"`{name}`", meaning) for name, meaning in STATUS_MEANINGS.items()]
    ),
    "break_next_steps": lambda: _table(
        ("class", "next"), [(f"`{name}`", step) for name, step in NEXT_STEPS.items()]
    ),
    "break_adjustable": lambda: _table(("class", "entry on", "else"), adjustable_table()),
    "break_transitions": lambda: _text(break_status_table()),
    "finding_kinds": lambda: _table(
        ("finding", "is", "what to run next"),
        [(f"`{kind}`", one.meaning, f"`{one.next_step}`") for kind, one in FINDING_MEANINGS.items()],
    ),
    "break_shapes": lambda: _text(break_table()),
    "stl_rows": stl_rows,
    "stripe_categories": lambda: _table(
        ("category", "is"), [(f"`{name}`", f"`{kind}`") for name, kind in CATEGORIES.items()]
    ),
    "stripe_outcomes": lambda: _text("\n".join(line.rstrip() for line in outcome_table().splitlines())),
    "stripe_version": stripe_version,
    "test_cards": test_cards,
    "transition_table": lambda: _text(transition_table()),
    "attempt_table": lambda: _text(attempt_table()),
    "payout_table": lambda: _text(payout_table()),
    "checkout_session_table": lambda: _text(checkout_session_table()),
    "checkout_attempt_table": lambda: _text(checkout_attempt_table()),
    "webhook_events": webhook_events,
    "webhook_schedule": lambda: _text(webhook_retries.schedule()),
}
"""Name of a block -> what it must hold."""


def _printed(match: re.Match[str]) -> str:
    """A block anew; one that was empty gets the blank line that ends it."""
    return f"{match[1]}{PRINTED[match[2]]()}{'' if match[3] else chr(10)}"


def main() -> None:
    """Write every block of every document anew."""
    sys.path[:0] = [str(PROJECT / "tests"), str(PROJECT)]
    for path in DOCUMENTS:
        text = path.read_text()
        renewed = _BLOCK.sub(_printed, text)
        if renewed != text:
            path.write_text(renewed)
            sys.stdout.write(f"{path.relative_to(PROJECT)}\n")


if __name__ == "__main__":
    main()
