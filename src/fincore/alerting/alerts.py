"""Every alert. A line names only metrics that exist; a new one is added here, below those of its kind."""

from typing import Final

from fincore.alerting.alert import Alert

LAWS_THAT_CAN_WAIT: Final = (
    "nothing_waits_in_suspense",
    "wanted_events_have_deliveries",
)
"""A violation of these is a `warning`; of any other it is `critical`, also of one added later."""
_CAN_WAIT: Final = "|".join(LAWS_THAT_CAN_WAIT)

ALERTS: Final = (
    # Whether FinCore runs
    Alert(
        name="RoleAbsent",
        severity="critical",
        expression="absent(fincore_http_requests_in_flight) or absent(fincore_jobs) "
        'or absent(fincore_consumer_lag_seconds{consumer="projectionist"}) '
        'or absent(fincore_consumer_lag_seconds{consumer="ledger"}) '
        'or absent(fincore_consumer_lag_seconds{consumer="notify"}) '
        "or absent(fincore_laws_checked_timestamp_seconds)",
        for_seconds=60,
        runbook="No process of a role tells its metrics (in this order: api, worker, projectionist, ledger, notify, auditor): "
        "start it, and read the last lines of its log.",
        section="when-something-is-down",
    ),
    Alert(
        name="RequestsFail",
        severity="critical",
        expression='sum(rate(fincore_http_request_seconds_count{status="5xx"}[5m])) > 0',
        for_seconds=120,
        runbook="Merchants see errors: the log of the api role names each; 503 means that a store is away or too much is asked "
        "at once.",
        section="when-something-is-down",
    ),
    Alert(
        name="RequestsLimited",
        severity="warning",
        expression="sum by (reason) (increase(fincore_http_requests_limited_total[15m])) > 100",
        runbook="A merchant sends more than its share and is answered 429: `reason` says whether too many a second or too many at a "
        "time.",
        section="limits",
    ),
    Alert(
        name="CommitsQueue",
        severity="critical",
        expression="fincore_commits_waiting > 5000",
        for_seconds=30,
        runbook="The event store writes more slowly than changes come: look at its disk and at long transactions. At 10,000 in a "
        "process, merchants are answered 503.",
        section="limits",
    ),
    Alert(
        name="ReportsHeld",
        severity="warning",
        expression="fincore_reports_held > 0",
        runbook="A PSP said something of a charge that FinCore cannot take as it is; refunds of the charge are refused: "
        "`fincore reports list` says why.",
        section="held-reports",
    ),
    Alert(
        name="ReportHeldTooLong",
        severity="critical",
        expression="fincore_report_held_oldest_seconds > 86400",
        runbook="A held report has waited for a day: look at the payment at the PSP, then have it read again or release it.",
        section="held-reports",
    ),
    Alert(
        name="ClockNotTrusted",
        severity="critical",
        expression="fincore_clock_trusted == 0",
        for_seconds=60,
        runbook="Clocks are apart, or one was set: charges go on, nothing is purged, expired or given up. The log says "
        "`clock.distrusted` with both clocks; set right the one that is wrong.",
        section="clocks",
    ),
    Alert(
        name="FiguresStale",
        severity="critical",
        expression="fincore_figures_age_seconds > 60",
        runbook="A process cannot measure what other alerts rely on (the queue, webhooks, the lag of a consumer): the store is away, or "
        "its log says `metrics.unmeasured` and why.",
        section="metrics",
    ),
    # Whether money is where it belongs
    Alert(
        name="LawBroken",
        severity="critical",
        expression=f'fincore_law_violations{{law!~"{_CAN_WAIT}"}} > 0',
        runbook="What must always hold does not: `fincore check` names the rows. Stop what writes there, keep the data as it is.",
        section="the-laws",
    ),
    Alert(
        name="LawBrokenCanWait",
        severity="warning",
        expression=f'fincore_law_violations{{law=~"{_CAN_WAIT}"}} > 0',
        runbook="Money waits in suspense, or a merchant was not told of something: `fincore check` names the rows.",
        section="the-laws",
    ),
    Alert(
        name="LawUnchecked",
        severity="critical",
        expression="fincore_audit_unchecked > 0",
        runbook="A law or a figure could not be checked, so nothing is known about it: the auditor's log and `fincore check` say "
        "why.",
        section="the-laws",
    ),
    Alert(
        name="LawsNotChecked",
        severity="critical",
        expression="time() - fincore_laws_checked_timestamp_seconds > 21600",
        runbook="No round of checks has ended for six hours, or for longer than FINCORE_LAWS_INTERVAL_SECONDS where that is more: see "
        "whether the auditor runs, and `fincore_laws_check_seconds`.",
        section="the-laws",
    ),
    Alert(
        name="LedgerAltered",
        severity="critical",
        expression="fincore_ledger_altered_rows > 0",
        runbook="Rows of the books are not as they were sealed: `fincore ledger verify --all` names them. Treat it as an incident.",
        section="the-books",
    ),
    Alert(
        name="MoneyInSuspense",
        severity="warning",
        expression="fincore_ledger_suspense_minor != 0",
        runbook="Money moved in a way that makes no sense: `fincore ledger suspense` says why. Find out who owns it, then clear it.",
        section="the-books",
    ),
    Alert(
        name="ClearingTooOld",
        severity="warning",
        expression="fincore_clearing_unclear_age_seconds > 1209600",
        runbook="Money that a PSP took has not been settled for 14 days: compare with the PSP's payouts.",
        section="the-books",
    ),
    # Whether work is done
    Alert(
        name="ConsumerLags",
        severity="warning",
        expression="fincore_consumer_lag_seconds > 10",
        for_seconds=60,
        runbook="Lists, books or webhooks fall behind: the role is overloaded, or a long transaction on the event store's server "
        "holds readers back.",
        section="when-something-is-down",
    ),
    Alert(
        name="ChargeParked",
        severity="critical",
        expression="fincore_parked_streams > 0",
        runbook="A consumer leaves a charge alone because of an event it cannot apply: `fincore parked list` says which and why.",
        section="parked-charges",
    ),
    Alert(
        name="JobsHeld",
        severity="critical",
        expression='fincore_jobs{status="held"} > 0',
        for_seconds=60,
        runbook="A job waits for a person: `fincore jobs dead` says why.",
        section="dead-jobs",
    ),
    Alert(
        name="JobsQueue",
        severity="warning",
        expression='fincore_jobs{status="queued"} > 1000 and deriv(fincore_jobs{status="queued"}[5m]) > 0',
        for_seconds=300,
        runbook="More jobs come than are done: the workers are too few or down, or the PSP is slow (`fincore_psp_call_seconds`).",
        section="when-something-is-down",
    ),
    Alert(
        name="OutcomesUnknown",
        severity="critical",
        expression="sum(increase(fincore_outcomes_unknown_total[1h])) - "
        "(sum(increase(fincore_outcomes_resolved_total[1h])) or vector(0)) > 10",
        for_seconds=300,
        runbook="The PSP loses answers, and asking it fails, too: `fincore charges unknown` lists what is open.",
        section="unknown-outcomes",
    ),
    Alert(
        name="Corrected",
        severity="warning",
        expression="increase(fincore_corrections_total[1h]) > 0",
        runbook="The PSP's own record contradicted how a charge or refund had ended: look at its timeline.",
        section="unknown-outcomes",
    ),
    # Whether PSPs and merchants hear and are heard
    Alert(
        name="PspWebhooksRefused",
        severity="critical",
        expression='sum(increase(fincore_webhooks_received_total{result=~"refused_.*"}[15m])) > 5',
        runbook="Webhooks of a PSP are refused: a secret or a clock is wrong or they are forged (`refused_mismatch`), or the endpoint "
        "sends events of another mode or account (`refused_other_mode`, `refused_other_account`). Compare both with the PSP's "
        "dashboard.",
        section="metrics",
    ),
    Alert(
        name="PspWebhookDiffers",
        severity="warning",
        expression='increase(fincore_webhooks_received_total{result="duplicate_differs"}[1h]) > 0',
        runbook="An event came again with another body; the first one counts. Compare it with the PSP's dashboard.",
        section="webhooks-from-psps",
    ),
    Alert(
        name="MerchantsToldLate",
        severity="warning",
        expression="fincore_webhook_oldest_due_seconds > 600",
        runbook="Webhooks to merchants wait: the notify role is down or has too much to do, or many endpoints fail.",
        section="webhooks-to-merchants",
    ),
    Alert(
        name="EndpointDisabled",
        severity="warning",
        expression="increase(fincore_webhook_endpoints_disabled_total[1h]) > 0",
        runbook="A merchant's server has stopped working, and it should hear of that from you: `fincore webhooks failing`.",
        section="webhooks-to-merchants",
    ),
    Alert(
        name="SecretUnreadable",
        severity="critical",
        expression='increase(fincore_webhook_attempts_total{result="secret_unreadable"}[15m]) > 0',
        runbook="`FINCORE_SECRETS_KEY` is not the key that sealed the secrets of merchants' webhooks: set the one that did.",
        section="webhooks-to-merchants",
    ),
    Alert(
        name="PrivateAddressAsked",
        severity="warning",
        expression='increase(fincore_webhook_attempts_total{result="address_forbidden"}[1h]) > 0',
        runbook="An endpoint's name leads into a private network: a mistake, or an attempt to reach your servers through "
        "FinCore.",
        section="webhooks-to-merchants",
    ),
)
"""Every condition that a person should hear of."""
