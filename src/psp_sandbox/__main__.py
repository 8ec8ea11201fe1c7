"""The `psp-sandbox` command."""

import asyncio
import gc
import signal
import socket
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import cyclopts
import structlog
import uvloop
from cyclopts import Parameter

from psp_sandbox.delivery import Retries
from psp_sandbox.latency import ImpossibleLatency
from psp_sandbox.logs import configure
from psp_sandbox.options import PAYPAL_RETRIES, Options
from psp_sandbox.sandbox import Sandbox
from psp_sandbox.server import Server, bind, url_of

if TYPE_CHECKING:
    from psp_sandbox.paypal.sftp_server import SftpServer

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
    paypal_webhook_url: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    paypal_webhook_id: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    paypal_ca_file: Path | None = None,
    paypal_sftp_port: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=0, lte=65535))]
    | None = None,
    paypal_sftp_host_key: Path | None = None,
    paypal_sftp_authorized_keys: Path | None = None,
    paypal_sftp_known_hosts: Path | None = None,
    webhook_retry_base_seconds: float = 1.0,
    webhook_retry_max_seconds: float | None = None,
    webhook_max_attempts: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=1))]
    | None = None,
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
        How browsers reach the sandbox, for 3-D Secure and approval pages and links; the listening address unless said.
    webhook_url
        Where every account's events are sent. Repeatable.
    webhook_secret
        The `whsec_...` that signs them, needed with --webhook-url. Repeatable: during a rotation each one signs.
    webhook_events
        Comma-separated event types for --webhook-url.
    paypal_webhook_url
        Where every PayPal account's events are sent. Repeatable.
    paypal_webhook_id
        The id of the webhook at --paypal-webhook-url, which its signatures contain. One for each URL.
    paypal_ca_file
        File to write the certificate to that a verifier of PayPal's webhooks has to trust, as PEM; a new one each start.
    paypal_sftp_port
        Port of PayPal's SFTP server for settlement reports, on 127.0.0.1; 0 picks a free one and prints it. No server unless said.
    paypal_sftp_host_key
        File with the private key of the SFTP server, as OpenSSH or PEM; a new key each start unless said.
    paypal_sftp_authorized_keys
        File with public keys, one a line, each of which opens the reports of every user. Passwords are taken too.
    paypal_sftp_known_hosts
        File to write the line to by which an SFTP client knows the server.
    webhook_retry_base_seconds
        Wait after the first failed delivery; doubles with each further one.
    webhook_retry_max_seconds
        Longest wait between two attempts; 60 for Stripe's and 22600 for PayPal's unless said.
    webhook_max_attempts
        Attempts before a webhook is given up; 15 for Stripe's and 26 for PayPal's unless said.
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
    if len(paypal_webhook_url) != len(paypal_webhook_id):
        sys.exit("psp-sandbox: give one --paypal-webhook-id for each --paypal-webhook-url.")
    options = Options(
        host=host,
        port=port,
        public_url=public_url,
        webhook_urls=webhook_url,
        webhook_secrets=webhook_secret,
        webhook_events=tuple(name.strip() for name in webhook_events.split(",") if name.strip()),
        retries=_retries(
            Retries(), webhook_retry_base_seconds, webhook_retry_max_seconds, webhook_max_attempts
        ),
        paypal_webhooks=tuple(zip(paypal_webhook_id, paypal_webhook_url, strict=True)),
        paypal_retries=_retries(
            PAYPAL_RETRIES, webhook_retry_base_seconds, webhook_retry_max_seconds, webhook_max_attempts
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
    if paypal_ca_file is not None:
        try:
            paypal_ca_file.write_bytes(sandbox.paypal_root_pem())
        except OSError as error:
            sys.exit(
                f"psp-sandbox: cannot write {paypal_ca_file}: {error.strerror}. Choose another --paypal-ca-file."
            )
    reports = None
    if paypal_sftp_port is not None:
        reports = _report_server(
            sandbox,
            paypal_sftp_port,
            host_key=paypal_sftp_host_key,
            authorized_keys=paypal_sftp_authorized_keys,
            known_hosts=paypal_sftp_known_hosts,
        )
    uvloop.run(_run(sandbox, listener, reports))


def _report_server(
    sandbox: Sandbox,
    port: int,
    *,
    host_key: Path | None,
    authorized_keys: Path | None,
    known_hosts: Path | None,
) -> "SftpServer":
    """PayPal's SFTP server, bound to its port. Ends the program in a sentence where it cannot be."""
    from psp_sandbox.paypal import sftp_server  # noqa: PLC0415 - its library takes a while to load

    try:
        keys = sftp_server.read_keys(host_key, authorized_keys)
    except sftp_server.UnreadableKey as error:
        sys.exit(f"psp-sandbox: {str(error).removesuffix('.')}. Give another file of keys.")
    try:
        listener = bind(sftp_server.HOST, port)
    except OSError as error:
        sys.exit(
            f"psp-sandbox: cannot listen on {sftp_server.HOST}:{port}: {error.strerror or error}. "
            "Choose another --paypal-sftp-port."
        )
    reports = sandbox.report_server(listener, keys)
    if known_hosts is not None:
        try:
            known_hosts.write_text(reports.address.known_hosts)
        except OSError as error:
            sys.exit(
                f"psp-sandbox: cannot write {known_hosts}: {error.strerror}. "
                "Choose another --paypal-sftp-known-hosts."
            )
    return reports


def _retries(
    usual: Retries, base_seconds: float, max_seconds: float | None, max_attempts: int | None
) -> Retries:
    return Retries(
        base_seconds=base_seconds,
        max_seconds=usual.max_seconds if max_seconds is None else max_seconds,
        max_attempts=usual.max_attempts if max_attempts is None else max_attempts,
    )


async def _run(sandbox: Sandbox, listener: socket.socket, reports: "SftpServer | None") -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = Server(listener, sandbox.handle)
    sandbox.listens(server)
    await sandbox.start()
    await server.start()
    if reports is not None:
        await reports.start()
    # What start-up made lives as long as the process; the collector need not walk it again.
    gc.freeze()
    print(f"psp-sandbox listening on {url_of(listener)}", flush=True)  # noqa: T201 - the line callers wait for
    if reports is not None:
        shown = reports.address
        print(f"psp-sandbox SFTP on {shown.host}:{shown.port}, host key {shown.fingerprint}", flush=True)  # noqa: T201 - as above
    await stopped.wait()
    if reports is not None:
        await reports.stop()
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
