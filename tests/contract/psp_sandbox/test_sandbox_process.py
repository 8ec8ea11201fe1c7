"""The program itself: how it starts, what it refuses, what its log says, how it ends, and HTTP at its edges."""

import os
import re
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from harness.program import start_python
from harness.sandbox import READY

from fixtures.forking import FORK_SERVER
from fixtures.http_exchange import exchange
from fixtures.sandbox import SandboxProcess

KEY = {"Authorization": "Bearer sk_test_a"}
PATH = "/v1/payment_intents"


def run(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FORK_SERVER.python, "-m", "psp_sandbox", *args],
        capture_output=True,
        check=False,
        env=os.environ | environment,
        text=True,
        timeout=30,
    )


def test_sandbox_stops_cleanly_during_calls_and_webhooks() -> None:
    process = SandboxProcess(
        "--webhook-url=http://127.0.0.1:9/nobody",
        "--webhook-secret=whsec_a",
        "--log-level=error",
        start=start_python,  # that it starts with nothing loaded
    )
    process.add_fault("timeout_after_apply", seconds=600)
    with exchange.begun(process.url, "POST", PATH, "amount=1099&currency=usd", KEY):
        exchange.until(lambda: process.state()["events"] == 1)
        assert process.stop() == 0


def test_a_taken_port_is_one_sentence(psp_sandbox: SandboxProcess) -> None:
    port = urlsplit(psp_sandbox.url).port
    done = run(f"--port={port}")
    assert done.returncode != 0
    assert done.stderr.strip().count("\n") == 0
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr


def test_an_impossible_latency_is_one_sentence() -> None:
    done = run("--port=0", "--latency-p50-ms=100", "--latency-p99-ms=50")
    assert done.returncode != 0
    assert done.stderr.strip() == "psp-sandbox: latency-p99-ms must not be below latency-p50-ms."


def test_webhook_url_without_secret_is_refused_in_a_sentence() -> None:
    done = run("--port=0", "--webhook-url=http://127.0.0.1:9/nobody")
    assert done.returncode != 0
    assert done.stderr.strip() == (
        "psp-sandbox: --webhook-url needs --webhook-secret, which signs the webhooks. Give both."
    )


def test_options_are_read_from_the_environment() -> None:
    done = run("--port=0", PSP_SANDBOX_LATENCY_P50_MS="100", PSP_SANDBOX_LATENCY_P99_MS="50")
    assert "latency-p99-ms must not be below" in done.stderr


def test_the_log_has_neither_cards_nor_keys(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [FORK_SERVER.python, "-m", "psp_sandbox", "--port=0", "--log-level=debug"],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix(READY).strip()
        card = "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2036&card[cvc]=987"
        made = exchange(url, "POST", "/v1/payment_methods", card, KEY)
        fault = exchange(url, "POST", "/sandbox/faults", '{"kind": "error_500"}')
        failed = exchange(url, "POST", "/v1/payment_methods", card, KEY)
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()
    assert (made.status, fault.status, failed.status) == (200, 201, 500)
    told = log.read_text()
    assert "fault.fired" in told
    for secret in ("4242424242424242", "sk_test_a"):
        assert secret not in told
    # The three digits may stand in a moment or a random id, too.
    assert "987" not in re.findall(r"\w+", told)


def test_pipelined_requests_are_answered_in_order(psp_sandbox: SandboxProcess) -> None:
    psp_sandbox.add_fault("slow", seconds=0.05, match={"path": f"{PATH}/pi_0"})
    address = urlsplit(psp_sandbox.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        count = 200
        for n in range(count):
            last = "Connection: close\r\n" if n == count - 1 else ""
            head = f"GET {PATH}/pi_{n} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sk_test_a\r\n{last}\r\n"
            connection.sendall(head.encode())
        answers = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    named = [part.split("'")[0] for part in answers.split("No such payment_intent: '")[1:]]
    assert named == [f"pi_{n}" for n in range(count)]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /v1/charges HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"431"),
        (
            b"POST /v1/charges HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" + b"a" * 1_100_000,
            b"413",
        ),
    ],
    ids=["not HTTP", "head too large", "body too large"],
)
def test_unreadable_request_is_refused_with_status(
    psp_sandbox: SandboxProcess, sent: bytes, status: bytes
) -> None:
    address = urlsplit(psp_sandbox.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(sent)
        assert connection.recv(4096).split(b" ")[1] == status


def test_a_chunked_body_is_read(psp_sandbox: SandboxProcess) -> None:
    address = urlsplit(psp_sandbox.url)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (b"amount=10", b"99&currency=usd"))
    head = b"POST /v1/payment_intents HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2tfdGVzdF9hOg==\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(
            head + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + chunks + b"0\r\n\r\n"
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b'"amount":1099' in answer


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/payment_intents", {}, 401),
        ("GET", "/v1/payment_intents", {"Authorization": "Bearer "}, 401),
        ("GET", "/v1/payment_intents", {"Authorization": "Basic %%%"}, 401),
        ("GET", "/v1/shoes", KEY, 404),
        ("PUT", "/v1/payment_intents", KEY, 404),
        ("GET", "/", {}, 404),
        ("GET", "/sandbox/shoes", {}, 404),
        ("POST", "/sandbox/payment_intents/pi_x/expire", {}, 404),
        ("POST", "/sandbox/webhook_endpoints/we_x/roll_secret", {}, 404),
        ("GET", "/3ds/nowhere", {}, 404),
        ("GET", "/sandbox/healthz", {}, 200),
    ],
)
def test_every_path_has_an_answer(
    psp_sandbox: SandboxProcess, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    assert exchange(psp_sandbox.url, method, path, "", headers).status == status


@pytest.mark.parametrize(
    "form",
    [
        "a[b=c",
        "amount[x]=1&amount=2&amount[y]=3",
        "amount=%ff&currency=usd",
        "a[b][c][d][e][f][g][h][i][j]=1",
    ],
)
def test_a_form_that_cannot_be_read_is_refused(psp_sandbox: SandboxProcess, form: str) -> None:
    refused = exchange(psp_sandbox.url, "POST", PATH, form, KEY)
    assert refused.status == 400
    assert refused.json["error"]["type"] == "invalid_request_error"


def test_the_oldest_payments_are_dropped_past_the_bound() -> None:
    process = SandboxProcess("--max-payments=3")
    try:
        form = "amount=1099&currency=usd&payment_method=pm_card_visa&confirm=true&payment_method_types[]=card"
        made = [exchange(process.url, "POST", PATH, form, KEY).json for _ in range(4)]
        statuses = [exchange(process.url, "GET", f"{PATH}/{one['id']}", "", KEY).status for one in made]
        assert statuses == [404, 200, 200, 200]
        assert exchange(process.url, "GET", f"/v1/charges/{made[0]['latest_charge']}", "", KEY).status == 404
        assert process.state()["charges"] == 3
    finally:
        process.stop()
