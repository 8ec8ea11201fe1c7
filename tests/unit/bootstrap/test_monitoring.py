"""Monitoring beside an installation: what its files name, and why it does not start."""

import json
import socket
from pathlib import Path

import pytest

from fincore.alerting.monitoring_files import PROMETHEUS_FILE, Ports, Receivers
from fincore.bootstrap.environment import read_settings
from fincore.bootstrap.monitoring import Monitoring, console_url, receiving, supervisor, write_files
from fincore.domain.errors import ConfigurationError

DEFAULT_PORTS = Ports()


def monitoring(folder: Path, ports: Ports = DEFAULT_PORTS) -> Monitoring:
    return Monitoring(folder, Receivers(console_url(9094)), ports)


def test_targets_are_the_ops_ports_of_configured_roles(tmp_path: Path) -> None:
    written = write_files(
        read_settings({"FINCORE_OPS_PORT": "9500", "FINCORE_STAFF_PORT": "off"}), monitoring(tmp_path)
    )
    assert tmp_path / "dashboards/overview.json" in written
    (job,) = json.loads((tmp_path / PROMETHEUS_FILE).read_text())["scrape_configs"]
    targets = {one["labels"]["role"]: one["targets"] for one in job["static_configs"]}
    assert targets["api"] == ["127.0.0.1:9500"]
    assert targets["worker"] == ["127.0.0.1:9501"]
    assert targets.keys().isdisjoint({"staff", "card-edge", "reconciliation", "relay"})


def test_ports_that_the_system_chooses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FINCORE_OPS_PORT"):
        write_files(read_settings({"FINCORE_OPS_PORT": "0"}), monitoring(tmp_path))


@pytest.mark.parametrize("option", ["--prometheus-port", "--alertmanager-port"])
def test_port_that_is_taken_is_named_with_its_option(tmp_path: Path, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        name = option.removeprefix("--").removesuffix("-port")
        ports = Ports(prometheus=_closed())._replace(**{name: taken.getsockname()[1]})
        with pytest.raises(ConfigurationError, match=option):
            supervisor(monitoring(tmp_path, ports))


async def test_port_of_the_console_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = monitoring(tmp_path)._replace(receiver_port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match="--receiver-port"):
            await receiving(wanted, print)


def _closed() -> int:
    """A port on which no program listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
