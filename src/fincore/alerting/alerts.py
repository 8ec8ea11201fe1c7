"""Every alert. A line names only metrics that exist; a new one is added here, below those of its kind."""

from typing import Final

from fincore.alerting.alert import Alert

INVARIANTS_THAT_CAN_WAIT: Final = (
    "nothing_waits_in_suspense",
    "wanted_events_have_deliveries",
)
"""A violation of these is a `warning`; of any other it is `critical`, also of one added later."""
_CAN_WAIT: Final = "|".join(INVARIANTS_THAT_CAN_WAIT)

ALERTS: Final = (
    # Whether FinCore runs
    Alert(
        name="RoleAbsent",
        severity="critical",
        expression='absent(fincore_http_requests_in_flight{server="api"}) or absent(fincore_jobs) '
        'or absent(fincore_consumer_lag_seconds{consumer="projectionist"}) '
        'or absent(fincore_consumer_lag_seconds{consumer="ledger"}) '
        'or absent(fincore_consumer_lag_seconds{consumer="notify"}) '
        'or absent(fincore_consumer_lag_seconds{consumer="risk"}) '
        "or absent(fincore_laws_checked_timestamp_seconds) "
        'or absent(fincore_http_requests_in_flight{server="checkout"}) '
        "or (absent(fincore_settlement_looks_total) and count(fincore_settlement_look_overdue_seconds) > 0)",
        for_seconds=60,
        runbook="Prometheus receives no metrics of at least one role; the expression lists them in "
        "the order api, worker, projectionist, ledger, notify, risk, auditor, checkout, and reconciliation where sources of settlement "
        "files are declared. Start the missing role, and read the last lines of its log.",
        section="when-something-is-down",
    ),
    Alert(
        name="RequestsFail",
        severity="critical",
        expression='sum(rate(fincore_http_request_seconds_count{status="5xx"}[5m])) > 0',
        for_seconds=120,
        runbook="Merchants or customers receive 5xx errors. The log of the role api or checkout names each; 503 means that a "
        "store is unavailable or that the server is overloaded.",
        section="when-something-is-down",
    ),
    Alert(
        name="ProposalNotCarriedOut",
        severity="critical",
        expression="fincore_proposal_agreed_seconds > 300",
        runbook="Two people of staff agreed on an act, and FinCore has not carried it out for five minutes. The log of the role staff "
        "says why at each attempt: `staff.proposal_waits` or `staff.proposal_failed`.",
        section="proposals-of-staff",
    ),
    Alert(
        name="RequestsLimited",
        severity="warning",
        expression="sum by (reason) (increase(fincore_http_requests_limited_total[15m])) > 100",
        runbook="A client exceeds its share and receives 429. `reason` says whether a merchant's key sends too "
        "many requests a second, a merchant has too many open at once, or one address of customers asks too often: that is a "
        "robot, or a proxy that `FINCORE_TRUSTED_PROXIES` lacks.",
        section="limits",
    ),
    Alert(
        name="CommitsQueue",
        severity="critical",
        expression="fincore_commits_waiting > 5000",
        for_seconds=30,
        runbook="The event store writes more slowly than changes arrive. Check its disk, and look for "
        "long transactions. At 10,000 waiting commits a process answers merchants with 503.",
        section="limits",
    ),
    Alert(
        name="ReportsHeld",
        severity="warning",
        expression="fincore_reports_held > 0",
        runbook="A PSP reported something about a charge that FinCore cannot apply; until a person "
        "decides, the charge cannot be refunded. `fincore reports list` gives the reason.",
        section="held-reports",
    ),
    Alert(
        name="ReportHeldTooLong",
        severity="critical",
        expression="fincore_report_held_oldest_seconds > 86400",
        runbook="A report has been held for a day. Compare the payment with the PSP's dashboard, then "
        "run `fincore reports read-again` or `fincore reports release`.",
        section="held-reports",
    ),
    Alert(
        name="ReviewDecidedSoon",
        severity="warning",
        expression="fincore_reviews_due_soon > 0",
        runbook="A charge under review is decided without a person within four hours, as FINCORE_RISK_UNDECIDED_REVIEW says. "
        "`fincore risk cases list` shows it first.",
        section="charges-under-review",
    ),
    Alert(
        name="ReviewedChargeCaptured",
        severity="critical",
        expression="fincore_reviewed_charges_captured_by_psp > 0",
        runbook="A PSP took the money of a charge under review although it was asked to hold it. `fincore risk cases list` names "
        "the charge: have the merchant refund it, or approve it.",
        section="charges-under-review",
    ),
    Alert(
        name="ReviewsUndecided",
        severity="warning",
        expression="increase(fincore_reviews_decided_automatically_total[1h]) > 0",
        runbook="The time of a review was over before a person decided: the charge was declined, or approved, without one. "
        "`fincore risk cases list` with `--status declined` names such charges.",
        section="charges-under-review",
    ),
    Alert(
        name="ClockNotTrusted",
        severity="critical",
        expression="fincore_clock_trusted == 0",
        for_seconds=60,
        runbook="The clocks of two machines differ, or one was set. Charges go on, but FinCore "
        "purges, expires and gives up nothing. The log line `clock.distrusted` shows both "
        "clocks: correct the wrong one.",
        section="clocks",
    ),
    Alert(
        name="FiguresStale",
        severity="critical",
        expression="fincore_figures_age_seconds > 60",
        runbook="A process cannot measure figures that other alerts rely on: the queue, webhooks, or "
        "the lag of a consumer. Its store is unavailable, or its log line "
        "`metrics.unmeasured` gives the reason.",
        section="metrics",
    ),
    # Whether money is where it belongs
    Alert(
        name="InvariantBroken",
        severity="critical",
        expression=f'fincore_law_violations{{law!~"{_CAN_WAIT}"}} > 0',
        runbook="Stored data breaks an invariant. Run `fincore check`: it names the rows. Stop what "
        "writes there, and leave the data as it is.",
        section="the-invariants",
    ),
    Alert(
        name="InvariantBrokenCanWait",
        severity="warning",
        expression=f'fincore_law_violations{{law=~"{_CAN_WAIT}"}} > 0',
        runbook="Money is in suspense, or a merchant was not notified of an event. Run `fincore "
        "check`: it names the rows.",
        section="the-invariants",
    ),
    Alert(
        name="InvariantUnchecked",
        severity="critical",
        expression="fincore_audit_unchecked > 0",
        runbook="An invariant could not be checked or a figure not measured, so its state is unknown. "
        "The auditor's log and `fincore check` give the reason.",
        section="the-invariants",
    ),
    Alert(
        name="InvariantsNotChecked",
        severity="critical",
        expression="time() - fincore_laws_checked_timestamp_seconds > 21600",
        runbook="The auditor has finished no round of checks for six hours. Check that it runs, and "
        "how long a round takes (`fincore_laws_check_seconds`). Expect this alert where "
        "FINCORE_LAWS_INTERVAL_SECONDS is longer than that.",
        section="the-invariants",
    ),
    Alert(
        name="LedgerAltered",
        severity="critical",
        expression="fincore_ledger_altered_rows > 0",
        runbook="Rows of the ledger differ from what was sealed. Run `fincore ledger verify --all`: "
        "it names them. Treat it as an incident.",
        section="the-books",
    ),
    Alert(
        name="MoneyInSuspense",
        severity="warning",
        expression="fincore_ledger_suspense_minor != 0",
        runbook="Money moved in a way that makes no sense. `fincore ledger suspense` gives the "
        "reason. Find out who owns it, then book it with `fincore ledger clear`.",
        section="the-books",
    ),
    Alert(
        name="ClearingTooOld",
        severity="warning",
        expression="max by (mode, psp, psp_account, currency) (fincore_uncleared_age_seconds) > 1209600",
        runbook="A PSP took money more than 14 days ago, and no statement has told of it. `fincore reconcile uncleared` shows how much by age; "
        "where settlement files are fetched, `fincore reconcile breaks` names each item. Compare the account with the PSP's payouts.",
        section="the-books",
    ),
    Alert(
        name="StatementMissesItems",
        severity="warning",
        expression="max by (mode, psp, psp_account, currency) (fincore_uncleared_overdue_items) > 0",
        for_seconds=3600,
        runbook="The ledger has payments, refunds or fees of an account that its statements should have told of by now. "
        "`fincore reconcile breaks` names them once a run has compared the statement; where it does not, no run has for days: look at "
        "`fincore reconcile sources` and at the log of the role `reconciliation`.",
        section="settlement-files",
    ),
    # Whether work is done
    Alert(
        name="ConsumerLags",
        severity="warning",
        expression="fincore_consumer_lag_seconds > 10",
        for_seconds=60,
        runbook="Lists, books, webhooks or the outcomes that risk rules count are behind the log. The role is overloaded, or a long "
        "transaction on the event store's server holds readers back.",
        section="when-something-is-down",
    ),
    Alert(
        name="ChargeParked",
        severity="critical",
        expression="fincore_parked_streams > 0",
        runbook="A consumer no longer follows a charge because it cannot apply an event. `fincore "
        "parked list` names the charge, the event and the reason.",
        section="parked-charges",
    ),
    Alert(
        name="JobsHeld",
        severity="critical",
        expression='fincore_jobs{status="held"} > 0',
        for_seconds=60,
        runbook="A job has failed for good and waits for a person. `fincore jobs dead` gives the reason.",
        section="dead-jobs",
    ),
    Alert(
        name="JobsQueue",
        severity="warning",
        expression='fincore_jobs{status="queued"} > 1000 and deriv(fincore_jobs{status="queued"}[5m]) > 0',
        for_seconds=300,
        runbook="Jobs arrive faster than the workers finish them. Too few workers run, or the PSP is "
        "slow (`fincore_psp_call_seconds`).",
        section="when-something-is-down",
    ),
    Alert(
        name="OutcomesUnknown",
        severity="critical",
        expression="sum(increase(fincore_outcomes_unknown_total[1h])) - "
        "(sum(increase(fincore_outcomes_resolved_total[1h])) or vector(0)) > 10",
        for_seconds=300,
        runbook="The PSP does not answer calls, and inquiries do not find out what became of them. "
        "`fincore charges unknown` lists the open operations.",
        section="unknown-outcomes",
    ),
    Alert(
        name="Corrected",
        severity="warning",
        expression="increase(fincore_corrections_total[1h]) > 0",
        runbook="The PSP's own record contradicts the end that FinCore had recorded for a charge or "
        "refund. `fincore charges show` prints its history.",
        section="unknown-outcomes",
    ),
    # Whether webhooks of PSPs and to merchants arrive
    Alert(
        name="PspWebhooksRefused",
        severity="critical",
        expression='sum(increase(fincore_webhooks_received_total{result=~"refused_.*"}[15m])) > 5',
        runbook="FinCore refuses webhooks of a PSP. `refused_mismatch`: a secret or a clock is wrong, "
        "or they are forged. `refused_other_mode` and `refused_other_account`: the endpoint "
        "sends events of another mode or account. Compare both with the PSP's dashboard.",
        section="metrics",
    ),
    Alert(
        name="PspWebhookDiffers",
        severity="warning",
        expression='increase(fincore_webhooks_received_total{result="duplicate_differs"}[1h]) > 0',
        runbook="A PSP sent an event again with another body. The first body counts. Compare the "
        "event with the PSP's dashboard.",
        section="webhooks-from-psps",
    ),
    Alert(
        name="MerchantsToldLate",
        severity="warning",
        expression="fincore_webhook_oldest_due_seconds > 600",
        runbook="Webhooks to merchants are more than ten minutes late. The notify role is down or "
        "overloaded, or many endpoints fail.",
        section="webhooks-to-merchants",
    ),
    Alert(
        name="EndpointDisabled",
        severity="warning",
        expression="increase(fincore_webhook_endpoints_disabled_total[1h]) > 0",
        runbook="FinCore disabled the webhook endpoint of a merchant because deliveries to it failed. "
        "`fincore webhooks failing` names it: tell the merchant.",
        section="webhooks-to-merchants",
    ),
    Alert(
        name="SecretUnreadable",
        severity="critical",
        expression='increase(fincore_webhook_attempts_total{result="secret_unreadable"}[15m]) > 0',
        runbook="`FINCORE_SECRETS_KEY` is not the key that encrypted the secrets of merchants' "
        "webhooks. Set that key, or set it as `FINCORE_SECRETS_KEY_BEFORE` beside a new one.",
        section="webhooks-to-merchants",
    ),
    Alert(
        name="PrivateAddressAsked",
        severity="warning",
        expression='increase(fincore_webhook_attempts_total{result="address_forbidden"}[1h]) > 0',
        runbook="The host name of a merchant's endpoint resolves to a private address; FinCore does "
        "not connect to it. It is a mistake, or an attempt to reach your servers through "
        "FinCore.",
        section="webhooks-to-merchants",
    ),
    # Whether kept cards can be charged
    Alert(
        name="KeptCardUnreadable",
        severity="critical",
        expression="sum by (reason) (increase(fincore_vault_cards_unreadable_total[15m])) > 0",
        runbook="The card edge cannot read kept cards that are to be charged. `key_missing` and `key_wrong`: its settings lack the key; "
        "the charges wait for it, for 15 minutes, so give the key back at once. Any other reason: the row was altered, and the charge "
        "failed. `fincore vault verify` names the cards.",
        section="kept-cards",
    ),
    # What browsers report of pages
    Alert(
        name="PagesTampered",
        severity="critical",
        expression='sum(increase(fincore_csp_reports_total{directive=~"script-src|script-src-elem|script-src-attr", '
        'blocked!="extension"}[10m])) > 20',
        runbook="Browsers of customers kept scripts out of FinCore's pages more than twenty times in ten minutes. `fincore pages reports` says "
        "on which page and from which origin: compare what the page serves with the version that you installed, proxy included. "
        "Reports can be forged; one that no page could cause is.",
        section="pages",
    ),
    Alert(
        name="PagesDiffer",
        severity="critical",
        expression="max by (scope) (fincore_page_problems) > 0",
        runbook="The last `fincore pages verify` found pages, scripts or headers that differ from those of the installed version, or could not "
        "check them. Run it again: it names each. Something between FinCore and the customer changes them (a proxy, a network, an "
        "intruder), or the address is wrong. Treat a script that is not listed as an incident.",
        section="pages",
    ),
    Alert(
        name="PagesNotVerified",
        severity="warning",
        expression="time() - max by (scope) (fincore_pages_matched_timestamp_seconds) > 691200",
        runbook="`fincore pages verify` has not found all pages, or all frames for PayPal of a mode, to match for eight days, or never. The "
        "weekly run does not run, or it fails: look at its log. For the frames it needs `--key` and `--origin`.",
        section="pages",
    ),
    # Where charges go
    Alert(
        name="AccountOutOfReach",
        severity="warning",
        expression="max by (psp, psp_account) (fincore_breaker_state) == 2",
        for_seconds=300,
        runbook="The breaker of an account has been open for five minutes: FinCore cannot reach the PSP. Charges go to the next "
        "account of their plan, or are sent all the same. `fincore psp accounts` says why; look at the PSP's status page.",
        section="accounts-and-routing",
    ),
    Alert(
        name="RoutingRulesUnusable",
        severity="critical",
        expression="max(fincore_routing_rules_unusable) > 0",
        runbook="An api process cannot use the live version of the routing rules, and goes by the one before it. The log line "
        "`routing.rules_unusable` has the reason; set a further version with `fincore routes set`.",
        section="accounts-and-routing",
    ),
    Alert(
        name="RoutingRulesOld",
        severity="critical",
        expression="max(fincore_routing_rules_age_seconds) > 60",
        for_seconds=60,
        runbook="A process has not been able to look for changes of the routing rules for a minute, and goes by those that it had "
        "then. Read the last lines of its log, and see whether the event store answers it; restart it if it does.",
        section="accounts-and-routing",
    ),
    Alert(
        name="RoutingRuleErrs",
        severity="warning",
        expression="increase(fincore_routing_rule_errors_total[1h]) > 0",
        runbook="A routing rule cannot be evaluated for some charges, so that it does not match them. The log line "
        "`routing.rule_erred` has the reason, most often a key that the metadata lacks.",
        section="accounts-and-routing",
    ),
    # Whether charges are assessed
    Alert(
        name="RiskUnavailable",
        severity="critical",
        expression="sum by (reason) (increase(fincore_risk_unavailable_total[5m])) > 0",
        runbook="Risk rules could not decide about charges, so that FINCORE_RISK_FAILURE_MODE counted. `store_unavailable` and "
        "`store_slow`: counters and lists did not answer within FINCORE_RISK_TIMEOUT_MS. `no_rules`: no live version can be "
        "used; the log of the process has the reason.",
        section="risk",
    ),
    Alert(
        name="RiskAttemptsUncounted",
        severity="critical",
        expression="sum(increase(fincore_risk_attempts_uncounted_total[5m])) > 0",
        runbook="Attempts to pay could not be counted, so that the counters of risk rules are too low for up to their windows. The "
        "log line `risk.attempts_uncounted` has the reason; without one, the queue of a process is full because the event store's "
        "PostgreSQL counts more slowly than charges arrive.",
        section="risk",
    ),
    Alert(
        name="RiskRulesUnusable",
        severity="critical",
        expression="max(fincore_risk_rules_unusable) > 0",
        runbook="A process cannot use a version of the risk rules that is live or in shadow, and goes by the live one before it. "
        "The log line `risk.rules_unusable` has the reason; let another version be live with `fincore risk live`, or retire it.",
        section="risk",
    ),
    Alert(
        name="RiskRulesOld",
        severity="critical",
        expression="max(fincore_risk_rules_age_seconds) > 60",
        for_seconds=60,
        runbook="A process has not been able to look for changes of the risk rules for a minute, and goes by those that it had then: "
        "a rule that was made live since does not count there. Read the last lines of its log, and see whether the event store answers it.",
        section="risk",
    ),
    Alert(
        name="RiskRuleErrs",
        severity="warning",
        expression='sum by (rule) (increase(fincore_risk_rule_results_total{result="error",mode="live"}[1h])) > 0',
        runbook="A live risk rule cannot be evaluated for some charges, so that it does not decide about them. The log line "
        "`risk.rule_erred` has the reason, most often a key that the metadata lacks.",
        section="risk",
    ),
    # Whether settlement files arrive
    Alert(
        name="SettlementSourceUnread",
        severity="warning",
        expression="max by (source) (fincore_settlement_look_overdue_seconds) > 3600",
        runbook="FinCore has not read a source of settlement files for an hour after its time. `fincore reconcile sources` says why; "
        "where it says nothing, the role `reconciliation` does not run. A host key that is not pinned may be an attack: ask the PSP.",
        section="settlement-files",
    ),
    Alert(
        name="SettlementFileLate",
        severity="warning",
        expression="max by (source) (fincore_settlement_file_late_seconds) > 0",
        runbook="No new settlement file came from a source within the time that is declared for it. Look whether the PSP has made one, "
        "and ask it for the file if it has not.",
        section="settlement-files",
    ),
    Alert(
        name="SettlementFileMissing",
        severity="warning",
        expression="max by (source) (fincore_settlement_file_gaps) > 0",
        for_seconds=3600,
        runbook="Between the settlement files of an account a period or a number of a sequence is missing, its last one too. `fincore reconcile sources` "
        "names it: ask the PSP for that file.",
        section="settlement-files",
    ),
    Alert(
        name="SettlementFileRefused",
        severity="warning",
        expression='max by (source) (fincore_settlement_files{state="refused"}) > 0',
        runbook="FinCore does not understand a settlement file, and booked nothing of it. `fincore reconcile files --status=refused` "
        "has the line and the reason; `fincore reconcile read-again` and `fincore reconcile dismiss` decide about it.",
        section="settlement-files",
    ),
    Alert(
        name="SettlementFileWaits",
        severity="critical",
        expression="max by (source) (fincore_settlement_file_waiting_seconds) > 3600",
        runbook="A settlement file came an hour ago, and is still not read, booked and matched: nothing that it states is compared with "
        "the ledger. `fincore reconcile run` does so now and names what keeps a file back; so does the log of the role `reconciliation`.",
        section="settlement-files",
    ),
    Alert(
        name="ReconciliationFails",
        severity="critical",
        expression='sum(increase(fincore_reconciliation_runs_total{result="failed"}[1h])) > 0',
        runbook="A run of reconciliation ended with an error; settlement files are fetched, and what a run does after the error is not "
        "done. The log line `reconciliation.run_failed` has the reason; `fincore reconcile run` tries it again.",
        section="settlement-files",
    ),
    Alert(
        name="ReconciliationStops",
        severity="critical",
        expression='max(fincore_settlement_good_timestamp_seconds{step="fetched"}) > max(fincore_reconciliation_finished_timestamp_seconds) '
        "and time() - max(fincore_reconciliation_finished_timestamp_seconds) > 3600",
        for_seconds=3600,
        runbook="Sources of settlement files are read, and no run of reconciliation has ended for an hour since: new money, late money and "
        "statements of banks are compared with nothing. The log lines `settlement.use_interrupted` and `reconciliation.run_failed` of the role "
        "`reconciliation` have the reason, most often a ledger that is behind or a statement that takes too long; `fincore reconcile run` tries it again.",
        section="settlement-files",
    ),
    Alert(
        name="BreaksOpen",
        severity="warning",
        expression="max by (class, mode) (fincore_breaks_open) > 0",
        runbook="A statement of a PSP and the ledger differ. `fincore reconcile breaks --status=open` lists the open breaks, and "
        "`fincore reconcile show` says what to do about one.",
        section="settlement-files",
    ),
    Alert(
        name="SettlementFileReplaced",
        severity="warning",
        expression='max by (source) (fincore_settlement_files{state="replacing"}) > 0',
        runbook="A PSP sent other content under the name of an earlier settlement file. Both are kept, and the new one is not booked. "
        "Compare the two, and decide with `fincore reconcile release` or `fincore reconcile dismiss`.",
        section="settlement-files",
    ),
    Alert(
        name="SettlementFileDoubled",
        severity="warning",
        expression='max by (source) (delta(fincore_settlement_files{state="doubled"}[1h])) > 0',
        runbook="A PSP sent the content of an earlier settlement file again. It is booked once. Where a file of another day was "
        "expected, ask the PSP for that one.",
        section="settlement-files",
    ),
    # Whether operations are told
    Alert(
        name="EvidenceDamaged",
        severity="critical",
        expression='max(fincore_evidence_files{state="damaged"}) > 0',
        runbook="A kept settlement file or statement of a bank is missing, or is not as it came. `fincore reconcile evidence` names it. Treat it as an "
        "incident: find out who could write to the store, and restore the file from a backup.",
        section="settlement-files",
    ),
    Alert(
        name="EvidenceNotRead",
        severity="warning",
        expression="max(fincore_evidence_idle_seconds) > 172800",
        runbook="No kept file was read again for two days although one was due, so that damage would not be seen: the role `reconciliation` does not run, or "
        "cannot read the store. Its log lines `reconciliation.evidence_unavailable` and `reconciliation.evidence_unread` have the reason.",
        section="settlement-files",
    ),
    Alert(
        name="OpsNoticeDead",
        severity="warning",
        expression='max by (channel) (fincore_ops_notices{state="dead"}) > 0',
        runbook="A notice of reconciliation to operations was given up on a channel. `fincore reconcile notices` has the notice and the reason; "
        "mend the channel, and try it with `fincore reconcile notify`.",
        section="notices-to-operations",
    ),
    Alert(
        name="OpsRecipientsRefused",
        severity="warning",
        expression="sum(increase(fincore_ops_notice_recipients_refused_total[1d])) > 0",
        runbook="The mail server takes notices of reconciliation for some recipients of `FINCORE_OPS_EMAIL_TO`, and refuses others for good. "
        "Correct the addresses, and try them with `fincore reconcile notify`.",
        section="notices-to-operations",
    ),
    Alert(
        name="OpsNoticesLate",
        severity="warning",
        expression="max by (channel) (fincore_ops_notice_oldest_seconds) > 3600",
        runbook="A notice of reconciliation to operations has waited for an hour. The channel does not take it, or the role `reconciliation` "
        "does not run. `fincore reconcile notices` has the reason.",
        section="notices-to-operations",
    ),
    Alert(
        name="OpsNoticesFail",
        severity="warning",
        expression="max(fincore_ops_notice_look_age_seconds) > 1800 and count(fincore_settlement_look_overdue_seconds) > 0",
        runbook="No look for what operations are to be told has ended well for half an hour: looks fail, hang, or are not made, so that no run and no "
        "finding is told. The log lines `reconciliation.notices_failed` and `reconciliation.notices_interrupted` of the role `reconciliation` have the "
        "error; where there are none, start the role again.",
        section="notices-to-operations",
    ),
)
"""Every condition that needs a person."""
