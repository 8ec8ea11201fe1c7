"""Every dashboard, as tables of panels. A query names only metrics that exist. Pure."""

from typing import Final

from fincore.alerting.dashboard import Dashboard, Panel, Query, Unit, dashboard_text


def _panel(title: str, *queries: tuple[str, str], unit: Unit = "short") -> Panel:
    return Panel(title=title, unit=unit, queries=tuple(Query(*one) for one in queries))


def _quantiles(histogram: str, by: str, where: str = "") -> tuple[tuple[str, str], ...]:
    """The median and the 99th percentile of a histogram, by a label."""
    series = f"sum by (le, {by}) (rate({histogram}_bucket{where}[5m]))"
    return tuple(
        (f"histogram_quantile({share}, {series})", f"{{{{{by}}}}} {name}")
        for share, name in ((0.5, "p50"), (0.99, "p99"))
    )


_OUTCOMES: Final = "fincore_charge_outcomes"


def _rate_by(label: str, suffix: str) -> tuple[str, str]:
    """The share of approved charges of those that an issuer or PSP decided, by a label."""
    metric = f"{_OUTCOMES}{suffix}_total"
    approved = f'sum by ({label}) (increase({metric}{{mode="live",outcome="approved"}}[1h]))'
    decided = f'sum by ({label}) (increase({metric}{{mode="live",outcome=~"approved|declined"}}[1h]))'
    return f"{approved} / {decided}", f"{{{{{label}}}}}"


DASHBOARDS: Final = (
    Dashboard(
        name="overview",
        title="overview",
        panels=(
            _panel(
                "Requests that write, by result",
                (
                    'sum by (mode, result) (rate(fincore_merchant_requests_total{purpose="accept"}[5m]))',
                    "{{mode}} {{result}}",
                ),
                unit="reqps",
            ),
            _panel(
                "Time to accept, live mode",
                *_quantiles("fincore_merchant_request_seconds", "key", '{mode="live",purpose="accept"}'),
                unit="s",
            ),
            _panel(
                "First outcomes",
                (f'sum by (outcome) (rate({_OUTCOMES}_total{{mode="live"}}[5m]))', "{{outcome}}"),
                unit="reqps",
            ),
            _panel(
                "Time to outcome, no customer has to act",
                *_quantiles("fincore_charge_outcome_seconds", "psp", '{mode="live",way="direct"}'),
                unit="s",
            ),
            _panel("Unknown outcomes", ("sum by (mode, age) (fincore_unknown_outcomes)", "{{mode}} {{age}}")),
            _panel(
                "Lag of the relay of jobs",
                ("max by (sink) (fincore_relay_job_lag_seconds)", "{{sink}}"),
                unit="s",
            ),
            _panel(
                "Messages about jobs",
                ("sum by (result) (rate(fincore_relay_job_messages_total[5m]))", "{{result}}"),
                ("sum by (result) (rate(fincore_job_dead_letters_total[5m]))", "dead letter: {{result}}"),
                unit="reqps",
            ),
            _panel("Jobs", ("max by (status) (fincore_jobs)", "{{status}}")),
            _panel(
                "Lag of consumers",
                ("max by (consumer) (fincore_consumer_lag_seconds)", "{{consumer}}"),
                unit="s",
            ),
            _panel(
                "Stores that do not do what a role needs",
                ("sum by (store, access) (1 - fincore_store_usable)", "{{store}} {{access}}"),
            ),
            _panel("Broken invariants", ("sum by (law) (fincore_law_violations) > 0", "{{law}}")),
            _panel(
                "Alerts that fire",
                (
                    'count by (severity, alertname) (ALERTS{alertstate="firing"})',
                    "{{severity}} {{alertname}}",
                ),
            ),
        ),
    ),
    Dashboard(
        name="psps",
        title="PSPs",
        panels=(
            _panel("Rate of authorization by PSP, of an hour", _rate_by("psp", ""), unit="percentunit"),
            _panel(
                "Rate of authorization by account, of an hour",
                _rate_by("psp_account", ""),
                unit="percentunit",
            ),
            _panel(
                "Rate of authorization by brand, of an hour",
                _rate_by("brand", "_by_brand"),
                unit="percentunit",
            ),
            _panel(
                "Rate of authorization by country, of an hour",
                _rate_by("country", "_by_country"),
                unit="percentunit",
            ),
            _panel(
                "Rate of authorization by issuer, of an hour", _rate_by("bin", "_by_bin"), unit="percentunit"
            ),
            _panel("Time of a call", *_quantiles("fincore_psp_call_seconds", "psp"), unit="s"),
            _panel(
                "Answers",
                ("sum by (psp, outcome) (rate(fincore_psp_outcomes_total[5m]))", "{{psp}} {{outcome}}"),
                unit="reqps",
            ),
            _panel(
                "Breakers: 0 closed, 1 half-open, 2 open",
                ("max by (psp, psp_account) (fincore_breaker_state)", "{{psp}} {{psp_account}}"),
            ),
            _panel(
                "Outcomes that became unknown",
                (
                    "sum by (psp, operation) (increase(fincore_outcomes_unknown_total[1h]))",
                    "{{psp}} {{operation}}",
                ),
            ),
            _panel(
                "Webhooks of PSPs that arrived",
                ("sum by (psp, result) (rate(fincore_webhooks_received_total[5m]))", "{{psp}} {{result}}"),
                unit="reqps",
            ),
            _panel(
                "Time until a webhook is read", *_quantiles("fincore_webhook_read_seconds", "psp"), unit="s"
            ),
        ),
    ),
    Dashboard(
        name="money",
        title="money",
        panels=(
            _panel(
                "Uncleared, in minor units",
                (
                    "sum by (mode, psp, psp_account, currency) (fincore_uncleared_minor)",
                    "{{mode}} {{psp}} {{psp_account}} {{currency}}",
                ),
                unit="currencyless",
            ),
            _panel(
                "Age of the oldest uncleared item",
                (
                    "max by (mode, psp, psp_account, currency) (fincore_uncleared_age_seconds)",
                    "{{mode}} {{psp}} {{psp_account}} {{currency}}",
                ),
                unit="s",
            ),
            _panel(
                "Items that statements leave out",
                (
                    "max by (mode, psp, psp_account, currency) (fincore_uncleared_overdue_items)",
                    "{{mode}} {{psp}} {{psp_account}} {{currency}}",
                ),
            ),
            _panel(
                "Suspense, in minor units",
                ("fincore_ledger_suspense_minor", "{{mode}} {{account}}"),
                unit="currencyless",
            ),
            _panel(
                "Clearing accounts, in minor units",
                ("fincore_clearing_unclear_minor", "{{mode}} {{account}}"),
                unit="currencyless",
            ),
            _panel("Rows that differ from their seal", ("max(fincore_ledger_altered_rows)", "rows")),
            _panel("Corrections", ("sum(increase(fincore_corrections_total[1h]))", "an hour")),
            _panel("Reports that are held", ("max(fincore_reports_held)", "reports")),
        ),
    ),
    Dashboard(
        name="consumers",
        title="consumers and jobs",
        panels=(
            _panel("Lag", ("max by (consumer) (fincore_consumer_lag_seconds)", "{{consumer}}"), unit="s"),
            _panel("Parked", ("max by (consumer) (fincore_parked_streams)", "{{consumer}}")),
            _panel(
                "Lag of the relay of events",
                ("max by (sink) (fincore_relay_event_lag_seconds)", "{{sink}}"),
                unit="s",
            ),
            _panel(
                "Records of the relay",
                ("sum by (result) (rate(fincore_relay_records_total[5m]))", "{{result}}"),
                ("sum(rate(fincore_relay_events_total[5m]))", "events"),
                unit="reqps",
            ),
            _panel("Jobs", ("max by (status) (fincore_jobs)", "{{status}}")),
            _panel(
                "Oldest due job", ("max by (kind) (fincore_job_oldest_due_seconds)", "{{kind}}"), unit="s"
            ),
            _panel(
                "Jobs done",
                ("sum by (kind, result) (rate(fincore_worker_jobs_total[5m]))", "{{kind}} {{result}}"),
                unit="reqps",
            ),
            _panel("Commits that wait", ("sum by (instance) (fincore_commits_waiting)", "{{instance}}")),
            _panel("Age of figures", ("max by (what) (fincore_figures_age_seconds)", "{{what}}"), unit="s"),
            _panel("Offset of clocks", ("fincore_clock_offset_seconds", "{{instance}} {{store}}"), unit="s"),
        ),
    ),
    Dashboard(
        name="webhooks",
        title="merchants' webhooks",
        panels=(
            _panel(
                "Attempts",
                ("sum by (result) (rate(fincore_webhook_attempts_total[5m]))", "{{result}}"),
                unit="reqps",
            ),
            _panel(
                "Time from event to arrival",
                *(
                    (
                        f"histogram_quantile({share}, sum by (le) (rate(fincore_webhook_delivery_seconds_bucket[5m])))",
                        name,
                    )
                    for share, name in ((0.5, "p50"), (0.99, "p99"))
                ),
                unit="s",
            ),
            _panel("Due", ("max(fincore_webhook_deliveries_due)", "deliveries")),
            _panel("Oldest due", ("max(fincore_webhook_oldest_due_seconds)", "oldest"), unit="s"),
            _panel(
                "Ended",
                ("sum by (result) (rate(fincore_webhook_deliveries_total[5m]))", "{{result}}"),
                unit="reqps",
            ),
            _panel(
                "Endpoints disabled, of a day",
                ("sum by (reason) (increase(fincore_webhook_endpoints_disabled_total[1d]))", "{{reason}}"),
            ),
        ),
    ),
    Dashboard(
        name="risk",
        title="risk",
        panels=(
            _panel(
                "Decisions",
                ("sum by (decision) (rate(fincore_risk_decisions_total[5m]))", "{{decision}}"),
                unit="reqps",
            ),
            _panel(
                "Hits of live rules",
                (
                    'sum by (rule) (rate(fincore_risk_rule_results_total{mode="live",result="hit"}[5m]))',
                    "{{rule}}",
                ),
                unit="reqps",
            ),
            _panel(
                "Errors of rules, of an hour",
                (
                    'sum by (mode, rule) (increase(fincore_risk_rule_results_total{result="error"}[1h]))',
                    "{{mode}} {{rule}}",
                ),
            ),
            _panel(
                "Shadow beside live",
                (
                    "sum by (version, decision, live_decision) (rate(fincore_risk_shadow_decisions_total[5m]))",
                    "{{version}}: {{decision}}, live {{live_decision}}",
                ),
                unit="reqps",
            ),
            _panel(
                "Without a decision, of an hour",
                ("sum by (reason) (increase(fincore_risk_unavailable_total[1h]))", "{{reason}}"),
            ),
            _panel(
                "Time of an assessment",
                *(
                    (
                        f"histogram_quantile({share}, sum by (le) (rate(fincore_risk_assessment_seconds_bucket[5m])))",
                        name,
                    )
                    for share, name in ((0.5, "p50"), (0.99, "p99"))
                ),
                unit="s",
            ),
            _panel(
                "Open reviews",
                ("max(fincore_reviews_open)", "open"),
                ("max(fincore_reviews_due_soon)", "due soon"),
            ),
            _panel(
                "Attempts that were not counted, of an hour",
                ("sum(increase(fincore_risk_attempts_uncounted_total[1h]))", "attempts"),
            ),
        ),
    ),
    Dashboard(
        name="reconciliation",
        title="reconciliation",
        panels=(
            _panel("Open breaks", ("max by (class, mode) (fincore_breaks_open)", "{{mode}} {{class}}")),
            _panel(
                "Breaks that people answered",
                ("max by (class, mode, status) (fincore_breaks_answered)", "{{mode}} {{class}} {{status}}"),
            ),
            _panel("Uncleared items by age in days", ("sum by (days) (fincore_uncleared_items)", "{{days}}")),
            _panel(
                "Since the last run",
                ("time() - max(fincore_reconciliation_finished_timestamp_seconds)", "run"),
                unit="s",
            ),
            _panel(
                "Runs, of a day",
                ("sum by (result) (increase(fincore_reconciliation_runs_total[1d]))", "{{result}}"),
            ),
            _panel(
                "Settlement files",
                ("max by (source, state) (fincore_settlement_files)", "{{source}} {{state}}"),
            ),
            _panel(
                "Files that are late",
                ("max by (source) (fincore_settlement_file_late_seconds)", "{{source}}"),
                unit="s",
            ),
            _panel("Evidence", ("max by (state) (fincore_evidence_files)", "{{state}}")),
            _panel("Notices", ("max by (channel, state) (fincore_ops_notices)", "{{channel}} {{state}}")),
        ),
    ),
)


def dashboard_files() -> dict[str, str]:
    """File name -> what Grafana reads."""
    return {f"{one.name}.json": dashboard_text(one) for one in DASHBOARDS}
