"""The `psp-sandbox` command."""

import asyncio
import gc
import signal
import socket
import sys
from importlib.metadata import version
from typing import Annotated, Literal

import cyclopts
import structlog
import uvloop
from cyclopts import Parameter

from psp_sandbox.delivery import Retries
from psp_sandbox.latency import ImpossibleLatency
from psp_sandbox.logs import configure
from psp_sandbox.options import Options
from psp_sandbox.sandbox import Sandbox
from psp_sandbox.server import Server, bind, url_of

app = cyclopts.App(
    name="psp-sandbox",
    help="Stripe and PayPal as a stateful simulator: real HTTP, signed webhooks, published test cards, faults on demand.",
    config=cyclopts.config.Env("PSP_SANDBOX_", command=False),
    version=version("psp-sandbox"),
)

log = structlog.get_logger("psp_sandbox")


@app.default
def serve(
    *,
    host: str = "127.0.0.1",
    port: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=0, lte=65535))] = 12111,
    public_url: str | None = None,
    webhook_url: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    webhook_secret: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    webhook_events: str = "*",
    webhook_retry_base_seconds: float = 1.0,
    webhook_retry_max_seconds: float = 60.0,
    webhook_max_attempts: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=1))] = 15,
    latency_p50_ms: float = 0.0,
    latency_p99_ms: float = 0.0,
    search_lag_seconds: float = 0.0,
    aftermath_delay_seconds: Annotated[float, Parameter(validator=cyclopts.validators.Number(gte=0))] = 1.0,
    max_payments: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=1))] = 1_000_000,
    seed: int | None = None,
    log_level: Literal["debug", "info", "warning", "error"] = "info",
) -> None:
    """Run the sandbox until SIGTERM or SIGINT. State lives in the process.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on; 0 picks a free one and prints it.
    public_url
        How browsers reach the sandbox, for 3-D Secure pages; the listening address unless said.
    webhook_url
        Where every account's events are sent. Repeatable.
    webhook_secret
        The `whsec_...` that signs them, needed with --webhook-url. Repeatable: during a rotation each one signs.
    webhook_events
        Comma-separated event types for --webhook-url.
    webhook_retry_base_seconds
        Wait after the first failed delivery; doubles with each further one.
    webhook_retry_max_seconds
        Longest wait between two attempts.
    webhook_max_attempts
        Attempts before a webhook is given up.
    latency_p50_ms
        Median of the answer's log-normal delay.
    latency_p99_ms
        99th percentile of the same.
    search_lag_seconds
        How far the search index lags behind; Stripe's does by up to a minute.
    aftermath_delay_seconds
        How long after a payment or a refund the effect of its test card comes: the refund that fails, the dispute.
    max_payments
        Payment intents kept; past that the oldest are dropped.
    seed
        Makes latency and chance repeatable. Ids stay unique.
    log_level
        Least level that is logged, as JSON on stderr.
    """
    if webhook_url and not webhook_secret:
        sys.exit("psp-sandbox: --webhook-url needs --webhook-secret, which signs the webhooks. Give both.")
    options = Options(
        host=host,
        port=port,
        public_url=public_url,
        webhook_urls=webhook_url,
        webhook_secrets=webhook_secret,
        webhook_events=tuple(name.strip() for name in webhook_events.split(",") if name.strip()),
        retries=Retries(
            base_seconds=webhook_retry_base_seconds,
            max_seconds=webhook_retry_max_seconds,
            max_attempts=webhook_max_attempts,
        ),
        latency_p50_ms=latency_p50_ms,
        latency_p99_ms=latency_p99_ms,
        search_lag_seconds=search_lag_seconds,
        aftermath_delay_seconds=aftermath_delay_seconds,
        max_payments=max_payments,
        seed=seed,
        log_level=log_level,
    )
    configure(options.log_level)
    try:
        listener = bind(options.host, options.port)
    except OSError as error:
        sys.exit(
            f"psp-sandbox: cannot listen on {host}:{port}: {error.strerror or error}. Choose another --port."
        )
    try:
        sandbox = Sandbox(options, public_url=(options.public_url or url_of(listener)).rstrip("/"))
    except ImpossibleLatency as error:
        sys.exit(f"psp-sandbox: {error}")
    uvloop.run(_run(sandbox, listener))


async def _run(sandbox: Sandbox, listener: socket.socket) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = Server(listener, sandbox.handle)
    await sandbox.start()
    await server.start()
    # What start-up made lives as long as the process; the collector need not walk it again.
    gc.freeze()
    print(f"psp-sandbox listening on {url_of(listener)}", flush=True)  # noqa: T201 - the line callers wait for
    await stopped.wait()
    await server.stop()
    await sandbox.stop()
    log.info("sandbox.stopped")


def main() -> None:
    """Entry point."""
    try:
        app(sys.argv[1:], print_error=False, exit_on_error=False)
    except cyclopts.CycloptsError as error:
        sys.stderr.write(f"psp-sandbox: {' '.join(str(error).split())} See `psp-sandbox --help`.\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
