"""The configuration of monitoring and the dashboards, as the programs that read them find them."""

import json
import re
import shutil
import subprocess
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from prometheus_client import Counter, Histogram
from prometheus_client.metrics import MetricWrapperBase

from fincore.alerting.alerts import ALERTS
from fincore.alerting.dashboard import Dashboard
from fincore.alerting.dashboards import DASHBOARDS, dashboard_files
from fincore.alerting.monitoring_files import (
    ALERTMANAGER_FILE,
    PROMETHEUS_FILE,
    Email,
    Pace,
    Ports,
    Receivers,
    monitoring_files,
)
from fincore.alerting.rules import rules
from fincore.observability.alert_receiver import line_of

SOURCE: Final = Path(__file__).parents[3] / "src"
CONSOLE: Final = "http://127.0.0.1:9094/alerts"
ALL: Final = Receivers(
    CONSOLE,
    ("https://ops.example/hook",),
    Email("ops@example.com", "fincore@example.com", "mail.example.com:587"),
    "/etc/fincore/slack_url",
    "/etc/fincore/pagerduty_key",
)
FUNCTIONS: Final = re.compile(r"\bfincore_\w+")


def labels_of_series() -> dict[str, tuple[str, ...]]:
    """Each series that Prometheus finds -> its labels, those that a bucket has among them."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((SOURCE / "fincore").rglob("metrics.py")):
        module = import_module(".".join(path.relative_to(SOURCE).with_suffix("").parts))
        for metric in vars(module).values():
            if not isinstance(metric, MetricWrapperBase):
                continue
            if isinstance(metric, Histogram):
                names = [f"{metric._name}{part}" for part in ("_count", "_sum", "_bucket")]
            else:
                names = [f"{metric._name}_total" if isinstance(metric, Counter) else metric._name]
            found |= dict.fromkeys(names, metric._labelnames)
    return found


SERIES: Final = labels_of_series()
OF_PROMETHEUS: Final = {"le", "instance", "role", "alertname", "severity"}


def written(folder: Path, receivers: Receivers) -> None:
    files = monitoring_files({"api": 9100, "worker": 9101}, receivers, Ports(), Pace())
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def run(*command: str) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed; as root: sh scripts/install_monitoring.sh")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    written(tmp_path, Receivers(CONSOLE))
    run("promtool", "check", "config", str(tmp_path / PROMETHEUS_FILE))


@pytest.mark.parametrize("receivers", [Receivers(CONSOLE), ALL], ids=["console", "all"])
def test_alertmanager_takes_its_configuration(tmp_path: Path, receivers: Receivers) -> None:
    written(tmp_path, receivers)
    run("amtool", "check-config", str(tmp_path / ALERTMANAGER_FILE))


@pytest.mark.parametrize(("severity", "receiver"), [("page", "page"), ("ticket", "ticket")])
def test_alert_goes_to_the_receiver_of_its_severity(tmp_path: Path, severity: str, receiver: str) -> None:
    written(tmp_path, ALL)
    config = f"--config.file={tmp_path / ALERTMANAGER_FILE}"
    run(
        "amtool", "config", "routes", "test", config, f"--verify.receivers={receiver}", f"severity={severity}"
    )


def test_only_pages_go_to_pagerduty() -> None:
    files = monitoring_files({"api": 9100}, ALL, Ports(), Pace())
    by_name = {one["name"]: one for one in json.loads(files[ALERTMANAGER_FILE])["receivers"]}
    assert "pagerduty_configs" in by_name["page"]
    assert "pagerduty_configs" not in by_name["ticket"]
    assert by_name["ticket"]["slack_configs"] == by_name["page"]["slack_configs"]


def test_mail_beyond_this_machine_needs_tls() -> None:
    def needs_tls(server: str) -> bool:
        receivers = Receivers(CONSOLE, email=Email("a@example.com", "b@example.com", server))
        files = monitoring_files({"api": 9100}, receivers, Ports(), Pace())
        needed: bool = json.loads(files[ALERTMANAGER_FILE])["receivers"][0]["email_configs"][0]["require_tls"]
        return needed

    assert needs_tls("mail.example.com:587")
    assert not needs_tls("127.0.0.1:2525")


def test_no_secret_is_in_a_file_of_configuration() -> None:
    files = monitoring_files({"api": 9100}, ALL, Ports(), Pace())
    assert "/etc/fincore/pagerduty_key" in files[ALERTMANAGER_FILE]
    assert '"routing_key"' not in files[ALERTMANAGER_FILE]
    assert '"api_url"' not in files[ALERTMANAGER_FILE]


def test_rules_hold_every_alert_once() -> None:
    groups = rules(ALERTS)["groups"]
    assert isinstance(groups, list)
    names = [rule["alert"] for group in groups for rule in group["rules"]]
    assert sorted(names) == sorted(alert.name for alert in ALERTS)


def test_line_of_an_alert_names_page_and_labels() -> None:
    annotations = {"summary": "A role\nis gone.", "runbook": "docs/runbooks/RoleAbsent.md"}
    labels = {"alertname": "RoleAbsent", "severity": "page", "consumer": "ledger"}
    line = line_of("firing", labels, annotations)
    assert line == "FIRING page RoleAbsent consumer=ledger: A role is gone. (docs/runbooks/RoleAbsent.md)"


QUERIES: Final = [
    (f"{dashboard.name}: {panel.title}", query)
    for dashboard in DASHBOARDS
    for panel in dashboard.panels
    for query in panel.queries
]


@pytest.mark.parametrize(("panel", "query"), QUERIES, ids=[panel for panel, _ in QUERIES])
def test_query_of_a_panel_names_metrics_and_labels_that_exist(panel: str, query: object) -> None:
    expression: str = getattr(query, "expression")  # noqa: B009 -- typed as what parametrize hands over
    legend: str = getattr(query, "legend")  # noqa: B009 -- as above
    named = set(FUNCTIONS.findall(expression))
    assert named <= SERIES.keys(), panel
    labels = {label for name in named for label in SERIES[name]} | OF_PROMETHEUS
    grouped = {
        label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")
    }
    matched = set(re.findall(r'(\w+)(?:=~|!=|=)"', expression)) - {"alertstate"}
    assert grouped | matched | set(re.findall(r"{{(\w+)}}", legend)) <= labels


def test_prometheus_reads_every_query_of_the_dashboards(tmp_path: Path) -> None:
    recorded = [
        {"record": f"panel:{number}", "expr": query.expression} for number, (_, query) in enumerate(QUERIES)
    ]
    path = tmp_path / "queries.json"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": recorded}]}), encoding="utf-8")
    run("promtool", "check", "rules", str(path))


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_panels_have_titles_and_places_of_their_own(dashboard: Dashboard) -> None:
    panels = json.loads(dashboard_files()[f"{dashboard.name}.json"])["panels"]
    assert len({one["title"] for one in panels}) == len(panels)
    places = sorted((one["gridPos"]["y"], one["gridPos"]["x"]) for one in panels)
    assert all(before != after for before, after in pairwise(places))


def test_dashboards_are_those_that_operations_need() -> None:
    assert {one.name for one in DASHBOARDS} == {
        "overview",
        "psps",
        "money",
        "consumers",
        "webhooks",
        "risk",
        "reconciliation",
    }
