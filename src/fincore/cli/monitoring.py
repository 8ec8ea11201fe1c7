"""What `fincore monitoring` can do: print the rules of alerts, write the configuration of monitoring, and run it on loopback."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter, validators

from fincore.alerting.alerts import ALERTS
from fincore.alerting.cloudwatch import resources
from fincore.alerting.monitoring_files import PAGERDUTY_URL, Email, Pace, Ports, Receivers
from fincore.alerting.rules import RUNBOOKS, rules_text
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.event_loop import run_coroutine
from fincore.bootstrap.monitoring import Monitoring, console_url, receiving, supervisor, write_files
from fincore.cli.arguments import TEXT_CHARACTERS_MAX
from fincore.cli.commands import COMMANDS
from fincore.cli.terminal import show
from fincore.domain.errors import UsageError
from fincore.observability.logs import configure_logs

FOLDER: Final = Path("var/monitoring")

monitoring = App(name="monitoring", help=COMMANDS["monitoring"].help)


def _fits(option: str, pattern: str, what: str) -> Callable[[object, object], None]:
    """Refuses what has another form, or is longer than any program would take; it is not repeated."""

    def check(_: object, given: object) -> None:
        # cyclopts checks defaults, too, and gives what can be repeated as a tuple.
        for one in given if isinstance(given, tuple) else (given,):
            text = "" if one is None else str(one)
            is_whole = re.fullmatch(pattern, text, re.ASCII) and text.isprintable()
            if one is not None and (not is_whole or len(text) > TEXT_CHARACTERS_MAX):
                raise UsageError(f"{option} must be {what}, of {TEXT_CHARACTERS_MAX} characters at most")

    return check


def _path(option: str) -> Callable[[object, object], None]:
    return _fits(option, r"[^\x00]+", "a path")


_URL: Final = r"https?://[^\s]+"
_ADDRESS: Final = r"[^\s@,]+@[^\s@,]+"
_PORTS: Final = validators.Number(gte=1, lte=65_535)

Runbooks = Annotated[
    str,
    Parameter(
        validator=_fits("--runbooks", r"[^\s]+", "a URL or a path"),
        help="What the pages of alerts are found under; the name of the page follows.",
    ),
]
Webhook = Annotated[
    tuple[str, ...],
    Parameter(
        name="--webhook",
        validator=_fits("--webhook", _URL, "an http:// or https:// URL"),
        help="A URL that is told of alerts, too, as Alertmanager tells; may be given again.",
    ),
]
EmailTo = Annotated[
    str | None,
    Parameter(
        validator=_fits("--email-to", _ADDRESS, "an address of e-mail"),
        help="Who is told by e-mail; it needs --email-from and --smtp.",
    ),
]
EmailFrom = Annotated[
    str | None,
    Parameter(
        validator=_fits("--email-from", _ADDRESS, "an address of e-mail"), help="The sender of e-mail."
    ),
]
Smtp = Annotated[
    str | None,
    Parameter(
        validator=_fits("--smtp", r"[A-Za-z0-9.-]+:[0-9]{1,5}", "host:port"),
        help="The mail server, as host:port.",
    ),
]
SlackUrlFile = Annotated[
    Path | None,
    Parameter(
        validator=_path("--slack-url-file"), help="A file that holds the URL of an incoming webhook of Slack."
    ),
]
PagerDutyKeyFile = Annotated[
    Path | None,
    Parameter(
        name="--pagerduty-key-file",
        validator=_path("--pagerduty-key-file"),
        help="A file that holds the integration key of PagerDuty (Events API v2); pages go there.",
    ),
]
PagerDutyUrl = Annotated[
    str,
    Parameter(
        name="--pagerduty-url",
        validator=_fits("--pagerduty-url", _URL, "an http or https URL"),
        help="Where PagerDuty takes events; accounts in the European Union have another address.",
    ),
]
Directory = Annotated[
    Path, Parameter(validator=_path("--directory"), help="Where configuration and data are.")
]
Port = Annotated[int, Parameter(validator=_PORTS, help="A port on loopback.")]
Seconds = Annotated[
    float,
    Parameter(
        validator=validators.Number(gte=0.1, lte=3_600),
        help="How often metrics are read and rules evaluated.",
    ),
]
Factor = Annotated[
    float,
    Parameter(
        validator=validators.Number(gte=0.001, lte=100),
        help="Stretches the times that alerts must hold: for trials, in which the alerts are not those of the table.",
    ),
]


@monitoring.command
def rules(*, runbooks: Runbooks = RUNBOOKS) -> None:
    """Print the alerts as a file of rules for Prometheus."""
    show(rules_text(ALERTS, runbooks=runbooks).rstrip("\n"))


@monitoring.command
def cloudwatch() -> None:
    """Print the alerts as the resources of a CloudFormation template; the page of each alert says what CloudWatch lacks of it."""
    found: dict[str, Mapping[str, object]] = {}
    for one in ALERTS:
        found |= resources(one.name, one.cloudwatch, meaning=one.meaning)
    show(json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": found}, indent=2))


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """What both `files` and `run` are told: where to write, who is told of alerts, and the ports."""

    directory: Directory = FOLDER
    webhook: Webhook = ()
    email_to: EmailTo = None
    email_from: EmailFrom = None
    smtp: Smtp = None
    slack_url_file: SlackUrlFile = None
    pagerduty_key_file: PagerDutyKeyFile = None
    pagerduty_url: PagerDutyUrl = PAGERDUTY_URL
    prometheus_port: Port = 9090
    alertmanager_port: Port = 9093
    receiver_port: Port = 9094
    runbooks: Runbooks = RUNBOOKS

    def monitoring(self, pace: Pace) -> Monitoring:
        """Raises `UsageError` where the options contradict each other."""
        return Monitoring(
            folder=self.directory,
            receivers=Receivers(
                console_url(self.receiver_port),
                self.webhook,
                _email(self.email_to, self.email_from, self.smtp),
                _resolved(self.slack_url_file),
                _resolved(self.pagerduty_key_file),
                self.pagerduty_url,
            ),
            ports=Ports(self.prometheus_port, self.alertmanager_port),
            receiver_port=self.receiver_port,
            pace=pace,
            runbooks=self.runbooks,
        )


_DEFAULTS: Final = _Wanted()


@monitoring.command
def files(wanted: _Wanted = _DEFAULTS) -> None:
    """Write the configuration of Prometheus and Alertmanager, and the dashboards for Grafana, without running anything."""
    show("\n".join(str(path) for path in write_files(read_settings(os.environ), wanted.monitoring(Pace()))))


@monitoring.command
def run(wanted: _Wanted = _DEFAULTS, *, scrape_seconds: Seconds = 15.0, for_factor: Factor = 1.0) -> None:
    """Run Prometheus and Alertmanager on loopback until Ctrl-C, and print each alert when it fires and when it is over."""
    found = wanted.monitoring(Pace(scrape_seconds, for_factor))
    configure_logs(level="warning", log_format="console")
    write_files(read_settings(os.environ), found)
    run_coroutine(_run(found))


async def _run(wanted: Monitoring) -> None:
    programs = supervisor(wanted)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, programs.stop)
    receiver = await receiving(wanted, show)
    try:
        show(
            f"Prometheus: http://127.0.0.1:{wanted.ports.prometheus}  Alertmanager: http://127.0.0.1:{wanted.ports.alertmanager}  "
            f"dashboards for Grafana: {wanted.folder / 'dashboards'}"
        )
        await programs.run()
    finally:
        await receiver.stop()


def _email(to: str | None, sender: str | None, server: str | None) -> Email | None:
    if to is None and sender is None and server is None:
        return None
    if to is None or sender is None or server is None:
        raise UsageError(
            "--email-to, --email-from and --smtp go together: who is told, from which address, and by which server"
        )
    return Email(to, sender, server)


def _resolved(path: Path | None) -> str | None:
    return None if path is None else str(path.resolve())
