"""The configuration of Prometheus and Alertmanager for one installation. Pure.

Secrets are not in it: it names the files that hold them.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from fincore.alerting.alerts import ALERTS
from fincore.alerting.rules import RUNBOOKS, rules

LOOPBACK: Final = "127.0.0.1"
RULES_FILE: Final = "rules.json"
PROMETHEUS_FILE: Final = "prometheus.json"
ALERTMANAGER_FILE: Final = "alertmanager.json"
TEMPLATE_FILE: Final = "fincore.tmpl"

TEMPLATE: Final = """\
{{ define "fincore.title" }}[{{ .Status | toUpper }}] {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }}{{ end }}
{{ define "fincore.text" }}{{ range .Alerts }}{{ .Status }} since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}
{{ range .Labels.SortedPairs }}{{ if and (ne .Name "alertname") (ne .Name "severity") }}{{ .Name }}={{ .Value }} {{ end }}{{ end }}
{{ .Annotations.summary }}
What to do: {{ .Annotations.runbook }}
{{ end }}{{ end }}
"""
"""How an alert reads in an e-mail, in Slack and in PagerDuty. No label holds a name or number of a customer."""


PAGERDUTY_URL: Final = "https://events.pagerduty.com/v2/enqueue"
"""Where PagerDuty's Events API v2 takes events of accounts outside the European Union."""


class Email(NamedTuple):
    """Where alerts go by e-mail. `server` is `host:port`; it must offer TLS, unless it is on this machine."""

    to: str
    sender: str
    server: str


class Receivers(NamedTuple):
    """Who is told, beside the console at `console_url`. `slack_url_file` and `pagerduty_key_file` hold a URL and a key; only pages go to PagerDuty."""

    console_url: str
    webhook_urls: tuple[str, ...] = ()
    email: Email | None = None
    slack_url_file: str | None = None
    pagerduty_key_file: str | None = None
    pagerduty_url: str = PAGERDUTY_URL


class Pace(NamedTuple):
    """How often metrics are read and rules evaluated, and by what factor the times are stretched that an alert must hold.

    The factor is 1 but for trials: with another one the alerts are not those of the table.
    """

    scrape_seconds: float = 15.0
    for_factor: float = 1.0


class Ports(NamedTuple):
    """Where the two listen, on loopback."""

    prometheus: int = 9090
    alertmanager: int = 9093


def monitoring_files(
    targets: Mapping[str, int], receivers: Receivers, ports: Ports, pace: Pace, *, runbooks: str = RUNBOOKS
) -> dict[str, str]:
    """File name -> content. `targets`: the ops port of each role on this machine."""
    documents = {
        RULES_FILE: rules(ALERTS, runbooks=runbooks, for_factor=pace.for_factor),
        PROMETHEUS_FILE: _prometheus(targets, ports, pace),
        ALERTMANAGER_FILE: _alertmanager(receivers, pace),
    }
    files = {name: json.dumps(document, indent=2) + "\n" for name, document in documents.items()}
    return {**files, TEMPLATE_FILE: TEMPLATE}


def _prometheus(targets: Mapping[str, int], ports: Ports, pace: Pace) -> dict[str, Any]:
    every = _milliseconds(pace.scrape_seconds)
    timeout = _milliseconds(min(pace.scrape_seconds, 10.0))
    return {
        "global": {"scrape_interval": every, "scrape_timeout": timeout, "evaluation_interval": every},
        "rule_files": [RULES_FILE],
        "alerting": {
            "alertmanagers": [{"static_configs": [{"targets": [f"{LOOPBACK}:{ports.alertmanager}"]}]}]
        },
        "scrape_configs": [
            {
                "job_name": "fincore",
                "static_configs": [
                    {"targets": [f"{LOOPBACK}:{port}"], "labels": {"role": role}}
                    for role, port in targets.items()
                ],
            }
        ],
    }


def _alertmanager(receivers: Receivers, pace: Pace) -> dict[str, Any]:
    told = _told(receivers)
    page = dict(told)
    if receivers.pagerduty_key_file is not None:
        page["pagerduty_configs"] = [
            {
                "url": receivers.pagerduty_url,
                "routing_key_file": receivers.pagerduty_key_file,
                "description": '{{ template "fincore.title" . }}',
                "details": {"alerts": '{{ template "fincore.text" . }}'},
                "send_resolved": True,
            }
        ]
    wait = _milliseconds(pace.scrape_seconds * 2)
    return {
        "templates": [TEMPLATE_FILE],
        "route": {
            "receiver": "ticket",
            "group_by": ["alertname"],
            "group_wait": wait,
            "group_interval": wait,
            "repeat_interval": "12h",
            "routes": [{"receiver": "page", "matchers": ['severity="page"'], "repeat_interval": "1h"}],
        },
        "receivers": [{"name": "ticket", **told}, {"name": "page", **page}],
    }


def _told(receivers: Receivers) -> dict[str, Any]:
    urls = (receivers.console_url, *receivers.webhook_urls)
    told: dict[str, Any] = {"webhook_configs": [{"url": url, "send_resolved": True} for url in urls]}
    email = receivers.email
    if email is not None:
        host = email.server.partition(":")[0]
        told["email_configs"] = [
            {
                "to": email.to,
                "from": email.sender,
                "smarthost": email.server,
                "require_tls": host not in {LOOPBACK, "localhost"},
                "headers": {"Subject": '{{ template "fincore.title" . }}'},
                "text": '{{ template "fincore.text" . }}',
                "html": "",
                "send_resolved": True,
            }
        ]
    if receivers.slack_url_file is not None:
        told["slack_configs"] = [
            {
                "api_url_file": receivers.slack_url_file,
                "title": '{{ template "fincore.title" . }}',
                "text": '{{ template "fincore.text" . }}',
                "send_resolved": True,
            }
        ]
    return told


def _milliseconds(seconds: float) -> str:
    return f"{round(seconds * 1_000)}ms"
