"""The emulator of AWS as a process of its own, and clients of it."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

CALL_SECONDS_MAX: Final = 60
SERVICE_SECONDS_MAX: Final = 120


@contextlib.contextmanager
def emulator() -> Iterator[tuple[str, int]]:
    """Where the emulator listens, on this machine alone, and its process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "hypercorn", "ministack.app:app", "--log-level", "ERROR"),
                *("--bind", f"fd://{listening.fileno()}"),
            ],
            pass_fds=[listening.fileno()],
            env={
                "SERVICES": "kinesis,sqs",
                "IOT_MTLS_ENABLED": "0",
                "LOG_LEVEL": "ERROR",
                "BIND_HOST": "127.0.0.1",
            },
            stdout=subprocess.DEVNULL,
        )
    try:
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(30)


@contextlib.asynccontextmanager
async def client_of(service: str, url: str) -> AsyncIterator[Any]:
    """A client that repeats nothing by itself."""
    async with get_session().create_client(
        service,
        region_name="eu-central-1",
        endpoint_url=url,
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 -- the emulator takes any
        config=AioConfig(
            connect_timeout=SERVICE_SECONDS_MAX,
            read_timeout=CALL_SECONDS_MAX,
            retries={"total_max_attempts": 1},
            parameter_validation=False,
        ),
    ) as client:
        yield client
