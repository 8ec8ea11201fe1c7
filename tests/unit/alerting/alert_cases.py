"""For each alert, series over which it fires, and series over which it does not."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fixtures.promtool import Case, Series

_LABEL: Final = {"stripe": {"psp": "stripe"}}


def _pair(
    alert: str, firing: Series, quiet: Series, *, at: str = "10m", labels: Sequence[Mapping[str, str]] = ({},)
) -> Iterator[Case]:
    yield Case(alert, "fires", firing, at, labels)
    yield Case(alert, "does not", quiet, at)


def _level(
    alert: str,
    name: str,
    firing: int,
    quiet: int,
    *,
    at: str = "10m",
    labels: Mapping[str, str] | None = None,
) -> Iterator[Case]:
    """A gauge at a level."""
    yield from _pair(
        alert,
        {name: f"{firing}x3000"},
        {name: f"{quiet}x3000"},
        at=at,
        labels=({} if labels is None else labels,),
    )


def _growth(
    alert: str, name: str, firing: str = "0x5 1x3000", quiet: str = "7x3000", **more: Any
) -> Iterator[Case]:
    """A counter that grows, and one that stands where it stood."""
    yield from _pair(alert, {name: firing}, {name: quiet}, **more)


_RUNNING: Final = {
    'fincore_http_requests_in_flight{server="api"}': "0x3000",
    'fincore_jobs{status="queued"}': "0x3000",
    **{
        f'fincore_consumer_lag_seconds{{consumer="{one}"}}': "0x3000"
        for one in ("projectionist", "ledger", "notify", "risk")
    },
    'fincore_audit_unchecked{what="seals"}': "0x3000",
    'fincore_http_requests_in_flight{server="checkout"}': "0x3000",
}


def _without(name: str) -> Series:
    return {series: values for series, values in _RUNNING.items() if series != name}


def _charges(approved: str, declined: str) -> Series:
    common = 'fincore_charge_outcomes_total{mode="live",psp="stripe",psp_account="eu",outcome='
    return {f'{common}"approved"}}': approved, f'{common}"declined"}}': declined}


def _requests(answered: str, failed: str) -> Series:
    common = 'fincore_merchant_requests_total{mode="live",key="secret",purpose="accept",result='
    return {f'{common}"answered"}}': answered, f'{common}"failed"}}': failed}


def _with_strangers(requests: Series) -> Series:
    """A flood of requests without a key of ours beside them."""
    name = 'fincore_merchant_requests_total{mode="live",key="secret",purpose="accept",result="unauthorized"}'
    return {**requests, name: "0+100000x600"}


def _within(name: str, labels: str, le: str, *, bucket: str) -> Series:
    """100 a minute, of which `bucket` came in time."""
    return {f"{name}_count{{{labels}}}": "0+100x6000", f'{name}_bucket{{{labels},le="{le}"}}': bucket}


_ACCEPT: Final = ("fincore_merchant_request_seconds", 'mode="live",key="secret",purpose="accept"', "0.5")
_DIRECT: Final = ("fincore_charge_outcome_seconds", 'mode="live",psp="stripe",way="direct"', "30.0")
_SOURCE: Final = 'fincore_settlement_look_overdue_seconds{source="eu"}'
_ACCOUNT: Final = {"mode": "live", "psp": "paypal", "psp_account": "eu", "currency": "usd"}
_OF_ACCOUNT: Final = '{mode="live",psp="paypal",psp_account="eu",currency="usd"}'
_WEEK: Final = 10_080
_CERTIFICATE: Final = 'fincore_certificate_ends_timestamp_seconds{certificate="card_edge"}'
_LATE: Final = 'fincore_settlement_files{source="eu",state="%s"}'
_REFUSED: Final = 'fincore_webhooks_received_total{psp="stripe",result="refused_mismatch"}'
_ATTEMPTS: Final = 'fincore_webhook_attempts_total{result="%s"}'
_FETCHED: Final = 'fincore_settlement_good_timestamp_seconds{source="eu",step="fetched"}'
_FINISHED: Final = "fincore_reconciliation_finished_timestamp_seconds"
_RELAY: Final = 'fincore_relay_event_lag_seconds{sink="kinesis:events"}'
_JOB_RELAY: Final = 'fincore_relay_job_lag_seconds{sink="sqs:jobs"}'
_STAFF: Final = 'fincore_http_requests_in_flight{server="staff"}'


def cases() -> Iterator[Case]:
    """All of them."""
    yield from _pair(
        "RoleAbsent",
        _without('fincore_consumer_lag_seconds{consumer="ledger"}'),
        _RUNNING,
        labels=[{"consumer": "ledger"}],
    )
    yield Case(
        "RoleAbsent",
        "fires where staff ran today",
        {**_RUNNING, _STAFF: "0x60 _x3000"},
        "90m",
        [{"server": "staff"}],
    )
    yield Case(
        "RoleAbsent",
        "fires where the relay ran today",
        {**_RUNNING, _RELAY: "0x60 _x3000"},
        "90m",
        [{"role": "relay"}],
    )
    yield Case(
        "RoleAbsent",
        "fires where the relay of jobs ran today",
        {**_RUNNING, _JOB_RELAY: "0x60 _x3000"},
        "90m",
        [{"role": "relay"}],
    )
    yield Case("RoleAbsent", "does not two days after staff", {**_RUNNING, _STAFF: "0x10 _x3000"}, "2000m")
    yield Case(
        "RoleAbsent",
        "fires where reconciliation is due",
        {**_RUNNING, _SOURCE: "0x60"},
        "10m",
        [{"role": "reconciliation"}],
    )
    process = '{job="fincore",instance="127.0.0.1:%d",role="worker"}'
    store = 'fincore_store_usable{job="fincore",instance="127.0.0.1:%d",store="eventstore",access="writes"}'
    both = {"up" + process % 1: "1x3000", store % 1: "1x3000", store % 2: "1x10 _x3000"}
    yield from _pair(
        "ProcessUnread",
        {**both, "up" + process % 2: "1x10 0x3000"},
        {**both, "up" + process % 2: "1x3000"},
        at="30m",
        labels=[{"job": "fincore", "instance": "127.0.0.1:2", "role": "worker"}],
    )
    yield Case(
        "ProcessUnread",
        "does not for a target that never was one",
        {**both, "up" + process % 3: "0x3000"},
        "30m",
    )
    yield Case(
        "ProcessUnread",
        "does not after two days",
        {**both, "up" + process % 2: "1x10 0x3000"},
        "2000m",
    )
    route = 'fincore_http_request_seconds_count{method="POST",route="/v1/charges",status="%s"}'
    yield from _pair(
        "RequestsFail",
        {route % "2xx": "0+100x60", route % "5xx": "0+10x60"},
        {route % "2xx": "0+100x60", route % "5xx": "0+1x60"},
    )
    yield from _level(
        "StoreUnusable",
        'fincore_store_usable{store="eventstore",access="writes"}',
        0,
        1,
        labels={"store": "eventstore", "access": "writes"},
    )
    yield from _growth(
        "RequestsLimited",
        'fincore_http_requests_limited_total{reason="rate"}',
        "0+10x60",
        "0+2x60",
        at="30m",
        labels=[{"reason": "rate"}],
    )
    yield from _level("CommitsQueue", "fincore_commits_waiting", 301, 300)
    yield from _level(
        "ClockNotTrusted", 'fincore_clock_trusted{store="eventstore"}', 0, 1, labels={"store": "eventstore"}
    )
    yield from _level(
        "FiguresStale", 'fincore_figures_age_seconds{what="queue"}', 61, 60, labels={"what": "queue"}
    )
    day_seconds = 86_400
    yield from _level(
        "CertificateEnds",
        _CERTIFICATE,
        600 + 14 * day_seconds - 1,
        600 + 14 * day_seconds,
        labels={"certificate": "card_edge"},
    )
    yield from _level(
        "CertificateEndsSoon",
        _CERTIFICATE,
        600 + 2 * day_seconds - 1,
        600 + 2 * day_seconds,
        labels={"certificate": "card_edge"},
    )
    key = "fincore_staff_signing_key_timestamp_seconds"
    yield Case("SigningKeyOld", "does not of a key of today", {key: "1x3000"}, "2000m")
    yield Case("SigningKeyOld", "fires after a year", {key: "1x527100"}, "527040m", [{}])
    yield Case("SigningKeyOld", "does not where there is no key", {key: "0x527100"}, "527040m")
    spans = 'fincore_trace_spans_total{result="%s"}'
    yield from _pair(
        "SpansLost",
        {spans % "exported": "0+98x90", spans % "collector_failed": "0+2x90"},
        {spans % "exported": "0+100x90", spans % "collector_failed": "0+1x90"},
        at="70m",
    )
    yield Case("SpansLost", "fires where all are lost", {spans % "queue_full": "0x10 1x80"}, "70m", [{}])
    yield Case("SpansLost", "does not where none is made", {spans % "exported": "0x90"}, "70m")
    yield from _pair(
        "AcceptErrorsBurn", _requests("0+100x600", "0+10x600"), _requests("0+1000x600", "0+1x600"), at="90m"
    )
    hidden = _with_strangers(_requests("0+100x600", "0+10x600"))
    yield Case("AcceptErrorsBurn", "fires in a flood of strangers", hidden, "90m", [{}])
    yield Case("AcceptErrorsBurn", "does not of five errors", _requests("0x600", "0x60 5x600"), "62m")
    yield Case(
        "AcceptErrorsBurn", "ends soon after its cause", _requests("0+100x600", "0+10x60 600x600"), "95m"
    )
    yield from _pair(
        "AcceptErrorsBurnSlowly",
        _requests("0+1000x6000", "0+2x6000"),
        _requests("0+10000x6000", "0+2x6000"),
        at="4410m",
    )
    yield from _pair(
        "AcceptSlowBurn",
        _within(*_ACCEPT, bucket="0+70x6000"),
        _within(*_ACCEPT, bucket="0+99x6000"),
        at="90m",
    )
    yield from _pair(
        "AcceptSlowBurnSlowly",
        _within(*_ACCEPT, bucket="0+98x6000"),
        _within(*_ACCEPT, bucket="0+100x6000"),
        at="4410m",
    )
    yield from _pair(
        "OutcomesLateBurn",
        _within(*_DIRECT, bucket="0+70x6000"),
        _within(*_DIRECT, bucket="0+99x6000"),
        at="90m",
    )
    yield from _pair(
        "OutcomesLateBurnSlowly",
        _within(*_DIRECT, bucket="0+98x6000"),
        _within(*_DIRECT, bucket="0+100x6000"),
        at="4410m",
    )
    yield from _rates()
    yield from _payments()
    yield from _books()
    yield from _work()
    yield from _webhooks()
    yield from _decisions()
    yield from _settlement()


def _rates() -> Iterator[Case]:
    at = f"{_WEEK + 210}m"
    yield Case(
        "AuthorizationRateFell",
        "fires where half is declined",
        _charges(f"0+9x{_WEEK} {9 * _WEEK}+5x300", f"0+1x{_WEEK} {_WEEK}+5x300"),
        at,
        [_LABEL["stripe"]],
    )
    yield Case(
        "AuthorizationRateFell",
        "fires where nothing is approved",
        _charges(f"0+9x{_WEEK} {9 * _WEEK}x300", f"0+1x{_WEEK} {_WEEK}+10x300"),
        at,
        [_LABEL["stripe"]],
    )
    yield Case(
        "AuthorizationRateFell", "does not where as many are declined", _charges("0+5x12000", "0+5x12000"), at
    )
    yield Case(
        "AuthorizationRateFell",
        "does not of few charges",
        _charges(f"0+9x{_WEEK} {9 * _WEEK}x300", f"0+1x{_WEEK} {_WEEK}x150 {_WEEK + 20}x150"),
        at,
    )
    yield Case(
        "AuthorizationRateFell", "does not without a week before", _charges("0x300", "0+10x300"), "200m"
    )


def _payments() -> Iterator[Case]:
    oldest = 'fincore_unknown_outcome_oldest_seconds{mode="%s"}'
    yield from _pair(
        "UnknownOutcomeOld",
        {oldest % "live": "3601x60"},
        {oldest % "live": "3600x60", oldest % "test": "9000x60"},
    )
    yield from _growth(
        "OutcomesUnknown",
        'fincore_outcomes_unknown_total{psp="stripe",operation="authorize"}',
        "0+1x300",
        "7x300",
        at="60m",
    )
    yield from _growth("Corrected", "fincore_corrections_total")
    yield from _level("ReportsHeld", "fincore_reports_held", 1, 0)
    yield from _level("ReportHeldTooLong", "fincore_report_held_oldest_seconds", 86_401, 86_400)
    yield from _level("ReviewDecidedSoon", "fincore_reviews_due_soon", 1, 0)
    yield from _level("ReviewedChargeCaptured", "fincore_reviewed_charges_captured_by_psp", 1, 0)
    yield from _growth(
        "ReviewsUndecided",
        'fincore_reviews_decided_automatically_total{decision="declined"}',
        labels=[{"decision": "declined"}],
    )
    yield from _level("ProposalNotCarriedOut", "fincore_proposal_agreed_seconds", 301, 300)


def _books() -> Iterator[Case]:
    law = 'fincore_law_violations{law="%s"}'
    yield from _pair(
        "InvariantBroken",
        {law % "ledger_balances": "1x60"},
        {law % "nothing_waits_in_suspense": "1x60"},
        labels=[{"law": "ledger_balances"}],
    )
    yield from _pair(
        "InvariantBrokenCanWait",
        {law % "nothing_waits_in_suspense": "1x60"},
        {law % "ledger_balances": "1x60"},
        labels=[{"law": "nothing_waits_in_suspense"}],
    )
    yield from _level(
        "InvariantUnchecked", 'fincore_audit_unchecked{what="seals"}', 1, 0, labels={"what": "seals"}
    )
    yield from _checked()
    yield from _level("LedgerAltered", "fincore_ledger_altered_rows", 1, 0)
    suspense = {"mode": "live", "account": "suspense:usd"}
    yield from _level(
        "MoneyInSuspense",
        'fincore_ledger_suspense_minor{mode="live",account="suspense:usd"}',
        -1,
        0,
        labels=suspense,
    )
    yield from _level(
        "ClearingTooOld", f"fincore_uncleared_age_seconds{_OF_ACCOUNT}", 1_209_601, 1_209_600, labels=_ACCOUNT
    )
    overdue = f'fincore_uncleared_overdue_items{_OF_ACCOUNT[:-1]},instance="%s"}}'
    yield Case("StatementMissesItems", "does not before an hour", {overdue % "a": "2x200"}, "59m")
    yield Case(
        "StatementMissesItems",
        "fires once for two auditors",
        {overdue % "a": "2x200", overdue % "b": "2x200"},
        "61m",
        [_ACCOUNT],
    )
    yield Case("StatementMissesItems", "does not where nothing is overdue", {overdue % "a": "0x200"}, "120m")
    yield Case("StatementMissesItems", "does not after the items came", {overdue % "a": "2x70 0x70"}, "120m")


def _checked() -> Iterator[Case]:
    """Times of checks: promtool begins at 1970, so that `0+60x...` is a check each minute."""
    checked = 'fincore_laws_checked_timestamp_seconds{what="%s",instance="%s"}'
    seals = {"what": "seals"}
    yield from _level("InvariantsNotChecked", checked % ("seals", "a"), 0, 3_600, at="400m", labels=seals)
    yield Case(
        "InvariantsNotChecked",
        "fires of a live auditor that hangs",
        {checked % ("seals", "a"): "60x800", checked % ("breaks", "a"): "0+60x800"},
        "400m",
        [seals],
    )
    gone = "0+60x30 _x800"
    yield Case(
        "InvariantsNotChecked",
        "fires of a dead auditor behind another",
        {checked % ("seals", "a"): gone, checked % ("breaks", "b"): "0+60x800"},
        "430m",
        [seals],
    )
    yield Case(
        "InvariantsNotChecked",
        "does not where another auditor checks the same",
        {checked % ("seals", "a"): gone, checked % ("seals", "b"): "0+60x800"},
        "430m",
    )


def _work() -> Iterator[Case]:
    yield from _level(
        "ConsumerLags",
        'fincore_consumer_lag_seconds{consumer="ledger"}',
        11,
        10,
        labels={"consumer": "ledger"},
    )
    yield from _level(
        "ChargeParked", 'fincore_parked_streams{consumer="ledger"}', 1, 0, labels={"consumer": "ledger"}
    )
    yield from _level("RelayLags", _RELAY, 61, 60, labels={"sink": "kinesis:events"})
    yield from _level("JobRelayLags", _JOB_RELAY, 61, 60, labels={"sink": "sqs:jobs"})
    yield from _level("JobsHeld", 'fincore_jobs{status="held"}', 1, 0, labels={"status": "held"})
    yield from _pair(
        "JobsQueue",
        {'fincore_jobs{status="queued"}': "900+50x60"},
        {'fincore_jobs{status="queued"}': "3000-10x60"},
        at="30m",
        labels=[{"status": "queued"}],
    )
    due = 'fincore_job_oldest_due_seconds{kind="%s"}'
    yield from _pair(
        "JobsLate",
        {due % "refund.send": "301x60"},
        {due % "refund.send": "300x60", due % "webhook.interpret": "500x60"},
        labels=[{"kind": "refund.send"}],
    )
    yield from _level("PspWebhooksReadLate", due % "webhook.interpret", 601, 600)


def _webhooks() -> Iterator[Case]:
    yield from _growth("PspWebhooksRefused", _REFUSED, "0+1x60", "7x60", at="30m")
    differs = {"psp": "stripe", "result": "duplicate_differs"}
    yield from _growth(
        "PspWebhookDiffers",
        'fincore_webhooks_received_total{psp="stripe",result="duplicate_differs"}',
        labels=[differs],
    )
    yield from _level("MerchantsToldLate", "fincore_webhook_oldest_due_seconds", 601, 600)
    yield from _growth(
        "EndpointDisabled",
        'fincore_webhook_endpoints_disabled_total{reason="failing"}',
        labels=[{"reason": "failing"}],
    )
    for alert, result in (
        ("SecretUnreadable", "secret_unreadable"),
        ("PrivateAddressAsked", "address_forbidden"),
    ):
        yield from _growth(alert, _ATTEMPTS % result, labels=[{"result": result}])
    yield from _pair(
        "EndpointsFailing",
        {_ATTEMPTS % "2xx": "0+1x90", _ATTEMPTS % "5xx": "0+2x90"},
        {_ATTEMPTS % "2xx": "0+2x90", _ATTEMPTS % "5xx": "0+1x90"},
        at="60m",
    )


def _decisions() -> Iterator[Case]:
    yield from _growth(
        "KeptCardUnreadable",
        'fincore_vault_cards_unreadable_total{reason="key_wrong"}',
        labels=[{"reason": "key_wrong"}],
    )
    csp = 'fincore_csp_reports_total{directive="script-src-elem",blocked="%s"}'
    yield from _pair(
        "PagesTampered",
        {csp % "origin": "0+5x60"},
        {csp % "extension": "0+50x60", csp % "origin": "0+1x60"},
        at="30m",
    )
    yield from _level("PagesDiffer", 'fincore_page_problems{scope="pages"}', 1, 0, labels={"scope": "pages"})
    matched = 'fincore_pages_matched_timestamp_seconds{scope="pages"}'
    yield Case(
        "PagesNotVerified", "fires after eight days", {matched: "0x12000"}, "11550m", [{"scope": "pages"}]
    )
    yield Case("PagesNotVerified", "does not before", {matched: "0x12000"}, "11520m")
    account = {"psp": "stripe", "psp_account": "eu"}
    yield from _level(
        "AccountOutOfReach", 'fincore_breaker_state{psp="stripe",psp_account="eu"}', 2, 1, labels=account
    )
    for kind in ("Routing", "Risk"):
        name = f"fincore_{kind.lower()}_rules"
        yield from _level(f"{kind}RulesUnusable", f"{name}_unusable", 1, 0)
        yield from _level(f"{kind}RulesOld", f"{name}_age_seconds", 61, 60)
    yield from _growth(
        "RoutingRuleErrs", 'fincore_routing_rule_errors_total{rule="eu"}', labels=[{"rule": "eu"}]
    )
    yield from _growth(
        "RiskUnavailable",
        'fincore_risk_unavailable_total{reason="no_rules"}',
        "0x5 1x60",
        at="8m",
        labels=[{"reason": "no_rules"}],
    )
    yield from _growth("RiskAttemptsUncounted", "fincore_risk_attempts_uncounted_total", "0x5 1x60", at="8m")
    result = 'fincore_risk_rule_results_total{mode="live",rule="velocity",action="block",result="error"}'
    yield from _growth("RiskRuleErrs", result, labels=[{"rule": "velocity"}])


def _settlement() -> Iterator[Case]:
    source = {"source": "eu"}
    yield from _level("SettlementSourceUnread", _SOURCE, 3_601, 3_600, labels=source)
    yield from _level(
        "SettlementFileLate", 'fincore_settlement_file_late_seconds{source="eu"}', 1, 0, labels=source
    )
    yield from _level(
        "SettlementFileMissing", 'fincore_settlement_file_gaps{source="eu"}', 1, 0, at="70m", labels=source
    )
    yield from _level("SettlementFileRefused", _LATE % "refused", 1, 0, labels=source)
    yield from _level("SettlementFileReplaced", _LATE % "replacing", 1, 0, labels=source)
    yield from _growth("SettlementFileDoubled", _LATE % "doubled", labels=[source])
    yield from _level(
        "SettlementFileWaits",
        'fincore_settlement_file_waiting_seconds{source="eu"}',
        3_601,
        3_600,
        labels=source,
    )
    yield from _growth("ReconciliationFails", 'fincore_reconciliation_runs_total{result="failed"}')
    yield from _pair(
        "ReconciliationStops",
        {_FETCHED: "1+60x300", _FINISHED: "0x300"},
        {_FETCHED: "1+60x300", _FINISHED: "0+60x300"},
        at="130m",
    )
    late = {_FINISHED: "1x3000", _SOURCE: "0x3000"}
    yield Case("ReconciliationNotRun", "fires after 26 hours", late, "1650m", [{}])
    yield Case("ReconciliationNotRun", "does not before", late, "1560m")
    yield Case("ReconciliationNotRun", "does not without sources", {_FINISHED: "1x3000"}, "1650m")
    yield from _level(
        "BreaksOpen",
        'fincore_breaks_open{class="missing",mode="live"}',
        1,
        0,
        labels={"class": "missing", "mode": "live"},
    )
    yield from _level("EvidenceDamaged", 'fincore_evidence_files{state="damaged"}', 1, 0)
    yield from _level("EvidenceNotRead", "fincore_evidence_idle_seconds", 172_801, 172_800)
    not_measured = " ".join(["NaN"] * 60)
    yield Case(
        "EvidenceNotRead",
        "does not before the first measurement",
        {"fincore_evidence_idle_seconds": not_measured},
        "10m",
    )
    yield from _level(
        "OpsNoticeDead", 'fincore_ops_notices{channel="mail",state="dead"}', 1, 0, labels={"channel": "mail"}
    )
    refused = "fincore_ops_notice_recipients_refused_total"
    yield Case(
        "OpsRecipientsRefused", "fires when a recipient is refused", {refused: "0x10 1x1500"}, "60m", [{}]
    )
    yield Case("OpsRecipientsRefused", "does not before it is", {refused: "0x1500"}, "60m")
    yield Case("OpsRecipientsRefused", "does not a day later", {refused: "0x10 1x3000"}, "1560m")
    yield Case(
        "OpsRecipientsRefused", "does not when the process starts again", {refused: "3x100 0x200"}, "240m"
    )
    yield from _level(
        "OpsNoticesLate",
        'fincore_ops_notice_oldest_seconds{channel="mail"}',
        3_601,
        3_600,
        labels={"channel": "mail"},
    )
    looks = "fincore_ops_notice_look_age_seconds"
    yield Case(
        "OpsNoticesFail",
        "fires where looks fail for half an hour",
        {looks: "0+60x60", _SOURCE: "0x60"},
        "31m",
        [{}],
    )
    yield Case("OpsNoticesFail", "does not before that", {looks: "0+60x60", _SOURCE: "0x60"}, "30m")
    yield Case("OpsNoticesFail", "does not where no source is declared", {looks: "0+60x60"}, "60m")
    yield Case(
        "OpsNoticesFail",
        "does not before the first measurement",
        {looks: not_measured, _SOURCE: "0x60"},
        "60m",
    )
