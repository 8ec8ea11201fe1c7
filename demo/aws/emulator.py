"""The emulator of AWS as a process of its own, on this machine alone, and clients of its services."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import get_session
from harness.failure import InstallationFailed

REGION: Final = "eu-central-1"
ACCOUNT: Final = "222222222222"
"""In place of an id of an access key: the emulator takes it for the account."""
SERVICES: Final = "cognito-idp,dynamodb,kinesis,kms,s3,secretsmanager,sns,sqs"
START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 10.0
_PAUSE_SECONDS: Final = 0.2


class Emulator:
    """MiniStack. Raises `InstallationFailed` where it is not installed or does not answer."""

    def __init__(self, log: Path) -> None:
        if find_spec("ministack") is None or find_spec("hypercorn") is None:
            raise InstallationFailed(
                "The emulator of AWS is not installed. Install what the tests need: make .venv/dev"
            )
        self._session = get_session()
        with socket.create_server(("127.0.0.1", 0)) as listening, log.open("ab") as file:
            # Requests wait in the socket until the process takes them.
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "demo.until_eof"),
                    *("hypercorn", "ministack.app:app", "--log-level", "ERROR"),
                    *("--bind", f"fd://{listening.fileno()}"),
                ],
                pass_fds=[listening.fileno()],
                env=os.environ
                | {
                    "SERVICES": SERVICES,
                    "MINISTACK_ACCOUNT_ID": ACCOUNT,
                    "MINISTACK_REGION": REGION,
                    "IOT_MTLS_ENABLED": "0",
                    "LOG_LEVEL": "ERROR",
                    "BIND_HOST": "127.0.0.1",
                },
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        self._wait(log)

    def client(self, service: str) -> Any:
        """A client of a service."""
        return self._session.create_client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="any",  # noqa: S106 -- the emulator asks for none
            config=Config(proxies={}, retries={"total_max_attempts": 3, "mode": "standard"}),
        )

    def stop(self) -> None:
        """End it, with all it holds."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _wait(self, log: Path) -> None:
        until = time.monotonic() + START_SECONDS_MAX
        while self._process.poll() is None:
            try:
                self.client("dynamodb").list_tables()
            except (BotoCoreError, ClientError):
                if time.monotonic() > until:
                    break
                time.sleep(_PAUSE_SECONDS)
            else:
                return
        self.stop()
        raise InstallationFailed(f"The emulator of AWS did not start: see {log}.")
