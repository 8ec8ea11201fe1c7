"""Runs Prometheus and Alertmanager beside an installation, on loopback, with the rules of this version."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from fincore.alerting.dashboards import dashboard_files
from fincore.alerting.monitoring_files import (
    ALERTMANAGER_FILE,
    LOOPBACK,
    PROMETHEUS_FILE,
    Pace,
    Ports,
    Receivers,
    monitoring_files,
)
from fincore.alerting.rules import RUNBOOKS
from fincore.bootstrap.roles import ROLES, configured_roles
from fincore.bootstrap.settings import Settings
from fincore.bootstrap.supervisor import Program, Supervisor
from fincore.domain.errors import ConfigurationError
from fincore.observability.alert_receiver import PATH, AlertReceiver

PROMETHEUS: Final = ("prometheus",)
ALERTMANAGER: Final = ("prometheus-alertmanager", "alertmanager")
"""What the programs are called: by Debian, and by the project itself."""
KEPT_FOR: Final = "35d"
"""For how long metrics are kept: an alert compares with a week before, objectives count 30 days."""

RESENT_AFTER_SCRAPES: Final = 4
"""Alerts that go on are told again to Alertmanager this often: the first time, it may not have been found yet."""


class Monitoring(NamedTuple):
    """What to run. `receiver_port` is where alerts for the console arrive; `folder` holds configuration and data."""

    folder: Path
    receivers: Receivers
    ports: Ports = Ports()
    receiver_port: int = 9094
    pace: Pace = Pace()
    runbooks: str = RUNBOOKS


def console_url(receiver_port: int) -> str:
    """Where Alertmanager sends what the console shows."""
    return f"http://{LOOPBACK}:{receiver_port}{PATH}"


def write_files(settings: Settings, monitoring: Monitoring) -> list[Path]:
    """Write configuration, rules and dashboards; return their paths. Raise `ConfigurationError` where no port of a role is known."""
    if not settings.ops_port:
        raise ConfigurationError(
            "FINCORE_OPS_PORT is 0, so that no port of a role is known: set it to the first of the ports for metrics"
        )
    targets: dict[str, int] = {
        role: settings.ops_port + ROLES.index(role) for role in configured_roles(settings)
    }
    files = monitoring_files(
        targets, monitoring.receivers, monitoring.ports, monitoring.pace, runbooks=monitoring.runbooks
    )
    dashboards = {f"dashboards/{name}": text for name, text in dashboard_files().items()}
    written = []
    for name, text in {**files, **dashboards}.items():
        path = monitoring.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def supervisor(monitoring: Monitoring) -> Supervisor:
    """What runs the two programs, once their files are written. Raise `ConfigurationError` where one is not installed, or its port is taken."""
    folder, ports = monitoring.folder.resolve(), monitoring.ports
    _require_free("--prometheus-port", ports.prometheus)
    _require_free("--alertmanager-port", ports.alertmanager)
    prometheus = (
        _found(PROMETHEUS),
        f"--config.file={folder / PROMETHEUS_FILE}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--storage.tsdb.retention.time={KEPT_FOR}",
        f"--rules.alert.resend-delay={round(1_000 * monitoring.pace.scrape_seconds * RESENT_AFTER_SCRAPES)}ms",
        f"--web.listen-address={LOOPBACK}:{ports.prometheus}",
        "--log.level=warn",
    )
    alertmanager = (
        _found(ALERTMANAGER),
        f"--config.file={folder / ALERTMANAGER_FILE}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{ports.alertmanager}",
        "--cluster.listen-address=",
        "--log.level=warn",
    )
    return Supervisor(
        [
            Program(name="prometheus", command=prometheus, environment=_environment()),
            Program(name="alertmanager", command=alertmanager, environment=_environment()),
        ]
    )


async def receiving(monitoring: Monitoring, show: Callable[[str], None]) -> AlertReceiver:
    """The receiver of the console, which listens. Raise `ConfigurationError` where its port is taken."""
    receiver = AlertReceiver(show)
    try:
        await receiver.start(monitoring.receiver_port)
    except OSError as error:
        raise ConfigurationError(
            f"cannot listen for alerts on port {monitoring.receiver_port} ({error.strerror}): free it or set --receiver-port"
        ) from error
    return receiver


def _require_free(option: str, port: int) -> None:
    """A program that cannot listen would be started again and again; one may be left of a run that was killed."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on port {port} ({error.strerror}): end the program that does, or set {option}"
            ) from error


def _environment() -> dict[str, str]:
    """Nothing of FinCore's: the programs need no secret of it."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FINCORE_")}


def _found(names: tuple[str, ...]) -> str:
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise ConfigurationError(
        f"{names[0]} is not installed: run `sh scripts/install_monitoring.sh` as root, or install Debian's packages "
        "prometheus and prometheus-alertmanager"
    )
