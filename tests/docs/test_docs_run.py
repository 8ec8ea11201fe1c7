"""What the docs show is run: the README's payment, the sandbox's faults, the operators' SQL, one's own PostgreSQL."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import psycopg
import pytest

from docs.markdown import named_block
from docs.printed import PROJECT
from fincore.postgres.embedded import EmbeddedPostgres
from fixtures.forking import FORK_SERVER
from fixtures.hosted_page import pay_page
from fixtures.shop import Shop
from fixtures.system import System

README = "README.md"
INTEGRATE = "docs/guides/integrate.md"
HOSTED_PAGE = "docs/guides/hosted-page.md"
OPERATE = "docs/guides/operate.md"
RUN = "docs/guides/run.md"
SANDBOX = "docs/guides/sandbox.md"

VOLATILE = re.compile(
    r"(?<=ch_)\w{26}|(?<=re_)\w{24,26}|(?<=req_)\w{26}|(?<=mer_)\w{26}|(?<=pi_)\w{24}|\d{4}-\d\d-\d\dT[\d:.]+(?=Z)"
)
OF_THE_CARD = re.compile(r'("exp_year":|"fingerprint":) ?"?\w+"?')
"""A test card expires in the year that follows, and each account has fingerprints of its own."""
BLOCK_TIMEOUT_SECONDS = 60

pytestmark = pytest.mark.timeout(600)


class Exchange(NamedTuple):
    """An HTTP answer as `curl -i` prints it, without what differs each time: ids and times."""

    status: str
    headers: dict[str, str]
    body: Any


class Reader:
    """A reader who types what the docs show, on a system that runs on other ports.

    What a block sets as `KEY` or `CHARGE` is there for the next, as in one terminal. The README's commands are started by
    Python, those of the guides by a fork server.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self.key = ""
        self.charge = ""
        self.receiver_port = 0

    def types(self, document: str, name: str, *, charge_id: str | None = None) -> str:
        """Run one block, on a charge of the reader's own where it shows the id of one; return what it printed."""
        code = self._code(document, name)
        if charge_id is not None:
            code, count = re.subn(r"ch_\w{26}", charge_id, code)
            assert count == 1
        done = subprocess.run(
            ["bash", "-euc", code + '\nprintf "\\0%s" "${KEY:-}" "${CHARGE:-}"'],  # noqa: S607 -- the bash of the reader
            env=self.system.environment() | {"KEY": self.key, "CHARGE": self.charge},
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=BLOCK_TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        printed, self.key, self.charge = done.stdout.rsplit("\0", 2)
        return printed

    @contextmanager
    def runs(self, document: str, name: str, output: Path) -> Iterator[None]:
        """Run one block in a terminal of its own, as long as the context lasts; what it prints goes to a file."""
        with output.open("wb") as file:
            running = subprocess.Popen(
                ["bash", "-euc", f"exec {self._code(document, name)}"],  # noqa: S607 -- the bash of the reader
                cwd=PROJECT,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
            try:
                yield
            finally:
                running.terminate()
                running.wait(BLOCK_TIMEOUT_SECONDS)

    def _code(self, document: str, name: str) -> str:
        code = named_block(document, "run", name).code
        python = sys.executable if document == README else FORK_SERVER.python
        for shown, real in (
            ("http://127.0.0.1:8080", self.system.api_url()),
            ("http://127.0.0.1:12111", self.system.sandbox.url),
            ("http://127.0.0.1:9000", f"http://127.0.0.1:{self.receiver_port}"),
            ('("127.0.0.1", 9000)', f'("127.0.0.1", {self.receiver_port})'),
            ("/tmp/charge.txt", str(self.system.folder / "charge.txt")),  # noqa: S108 -- what the reader types
            (".venv/bin/python", sys.executable),
            (".venv/bin/fincore", f"{python} -m fincore"),
            ("curl ", "curl -fsS " if document != README else "curl -sS "),
        ):
            code = code.replace(shown, real)
        return code


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    export = re.search(
        r"export (FINCORE_WEBHOOKS_ALLOW_LOOPBACK)=(\w+)", named_block(README, "run", "up").code
    )
    assert export is not None
    system = System(serves_customers=True, settings={export[1]: export[2]})
    try:
        system.start_stores()
        # The README needs none; the guide to integrating pays with it.
        system.add_account("paypal", "shop", is_default=True)
        system.start_up()
        yield Reader(system)
    finally:
        system.stop()


@pytest.fixture(scope="module")
def readme(reader: Reader) -> dict[str, str]:
    """What the README's commands print, in its order, on a new system."""
    printed = {name: reader.types(README, name) for name in ("key", "charge", "repeat", "wait")}
    output = reader.system.folder / "receiver.txt"
    with socket.create_server(("127.0.0.1", 0)) as free:
        reader.receiver_port = free.getsockname()[1]
    with reader.runs(README, "receiver", output):
        reader.system.until("the receiver listens", lambda: is_listening(reader.receiver_port))
        printed["endpoint"] = reader.types(README, "endpoint")
        printed["refund"] = reader.types(README, "refund")
        told = len(shown_answer("receiver").splitlines())
        reader.system.until("the receiver is told", lambda: len(output.read_text().splitlines()) >= told)
    printed["receiver"] = output.read_text()
    reader.system.until_idle()
    printed["books"] = reader.types(README, "books")
    return printed


def is_listening(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def exchange(text: str) -> Exchange:
    head, _, body = OF_THE_CARD.sub(r"\1 0", VOLATILE.sub("*", text)).partition("\n\n")
    status, *lines = head.strip().splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Exchange(status, headers, json.loads(body) if body.strip() else None)


def assert_shown(shown: Exchange, came: Exchange) -> None:
    """Each header that is shown came, and each that came and is not shown is of the transport or of every answer."""
    assert shown.headers.items() <= came.headers.items()
    assert came.headers.keys() - shown.headers.keys() == {
        "cache-control",
        "content-length",
        "date",
        "ratelimit",
        "ratelimit-policy",
    }


def body_of(text: str) -> str:
    return text.partition("\n\n")[2]


def shown_answer(name: str) -> str:
    return named_block(README, "answer", name).code


@pytest.mark.parametrize("name", ["charge", "wait", "refund"])
def test_the_readme_shows_the_answer_that_comes(readme: dict[str, str], name: str) -> None:
    shown, came = exchange(shown_answer(name)), exchange(readme[name])
    assert (came.status, came.body) == (shown.status, shown.body)
    assert_shown(shown, came)


def test_readme_repeated_request_gets_the_same_answer(readme: dict[str, str]) -> None:
    shown, came = exchange(shown_answer("repeat")), exchange(readme["repeat"])
    assert came.status == shown.status
    assert_shown(shown, came)
    assert body_of(readme["repeat"]) == body_of(readme["charge"]) != ""


def test_readme_refunds_the_charge_that_it_waited_for(readme: dict[str, str]) -> None:
    paid, refund = [json.loads(body_of(readme[name])) for name in ("wait", "refund")]
    assert (refund["charge"], refund["status"]) == (paid["id"], "succeeded")
    shown = [named_block(README, kind, "refund").code for kind in ("run", "answer")]
    assert "ch_" not in shown[0]
    assert json.loads(body_of(shown_answer("wait")))["id"] in shown[1]


def test_readme_receiver_prints_the_webhooks_that_are_shown(readme: dict[str, str]) -> None:
    """In any order: webhooks do not promise one."""
    came, shown = [
        VOLATILE.sub("*", text).splitlines() for text in (readme["receiver"], shown_answer("receiver"))
    ]
    assert sorted(came) == sorted(shown)
    assert json.loads(body_of(readme["wait"]))["id"] in readme["receiver"]


def test_the_readmes_webhook_endpoint_is_made_with_a_secret(readme: dict[str, str]) -> None:
    endpoint = json.loads(readme["endpoint"])
    assert (endpoint["status"], endpoint["event_types"]) == ("enabled", ["charge.*", "refund.*", "dispute.*"])
    assert endpoint["secret"].startswith("whsec_")


def test_the_readme_shows_the_books_that_follow(readme: dict[str, str]) -> None:
    assert VOLATILE.sub("*", readme["books"]) == VOLATILE.sub("*", shown_answer("books"))


def test_readme_commands_agree_on_ports_and_secrets() -> None:
    sandbox = named_block(README, "run", "sandbox").code
    up = named_block(README, "run", "up").code
    secret = re.search(r"--webhook-secret (\S+)", sandbox)
    assert secret is not None
    assert f"FINCORE_STRIPE_TEST_WEBHOOK_SECRETS={secret[1]}" in up
    assert "--webhook-url http://127.0.0.1:8080/webhooks/stripe/test" in sandbox
    assert "FINCORE_STRIPE_BASE_URL=http://127.0.0.1:12111" in up


def test_integration_guide_charge_is_found_by_metadata(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    charge = json.loads(reader.types(INTEGRATE, "create"))
    reader.system.until_idle()
    page = json.loads(reader.types(INTEGRATE, "list"))
    assert [found["id"] for found in page["data"]] == [charge["id"]]
    events = json.loads(reader.types(INTEGRATE, "events"))["data"]
    assert [event["type"] for event in events if event["charge"] == charge["id"]] == [
        "charge.captured",
        "charge.created",
    ]


async def test_integration_guide_customer_authenticates_and_returns(
    reader: Reader, readme: dict[str, str]
) -> None:
    assert readme
    charge = json.loads(reader.types(INTEGRATE, "authenticate"))
    assert charge["status"] == "requires_action"
    async with aiohttp.ClientSession() as browser:
        bank = charge["next_action"]["redirect_url"]
        async with browser.post(bank, data=b"action=complete", allow_redirects=False) as answer:
            landing = answer.headers["Location"]
        assert landing.startswith(f"https://shop.example/orders/6741?charge={charge['id']}&")
        shown = json.loads(reader.types(INTEGRATE, "return", charge_id=charge["id"]))
        assert (shown["id"], shown["status"]) == (charge["id"], "succeeded")


async def test_integration_guide_customer_pays_with_paypal(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    charge = json.loads(reader.types(INTEGRATE, "wallet"))
    assert (charge["status"], charge["psp"]) == ("requires_action", "paypal")
    async with aiohttp.ClientSession() as browser:
        page = charge["next_action"]["redirect_url"]
        async with browser.post(page, data={"action": "approve"}, allow_redirects=False) as answer:
            ours = answer.headers["Location"]
        async with browser.get(ours, allow_redirects=False) as answer:
            landing = answer.headers["Location"]
    assert landing == f"https://shop.example/orders/6744?charge={charge['id']}"
    shown = json.loads(reader.types(INTEGRATE, "wallet-return", charge_id=charge["id"]))
    assert (shown["id"], shown["status"]) == (charge["id"], "succeeded")
    assert shown["payment_method_details"]["paypal"]["email_masked"] == "b***@example.com"


async def test_integration_guide_customer_pays_on_psp_page(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    charge = json.loads(reader.types(INTEGRATE, "hosted-card"))
    assert (charge["status"], charge["psp"]) == ("requires_action", "stripe")
    _, landing = await pay_page(charge["next_action"]["redirect_url"])
    assert landing == f"https://shop.example/orders/6745?charge={charge['id']}"
    shown = json.loads(reader.types(INTEGRATE, "wallet-return", charge_id=charge["id"]))
    assert (shown["id"], shown["status"]) == (charge["id"], "succeeded")


async def test_integration_guide_session_has_a_page(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    session = json.loads(reader.types(HOSTED_PAGE, "session"))
    assert (session["status"], session["payment_methods"]) == ("open", ["card", "paypal"])
    async with aiohttp.ClientSession() as browser, browser.get(session["url"]) as shown:
        assert (shown.status, "<h1>Pay $19.99</h1>" in await shown.text()) == (200, True)


async def test_integration_guide_operations_are_carried_out(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    async with Shop(reader.system, reader.key) as shop:
        shipped, given_up = [
            (await shop.until_status((await shop.charge(amount_minor=1999, capture=False))["id"]))["id"]
            for _ in range(2)
        ]
        captured = json.loads(reader.types(INTEGRATE, "capture", charge_id=shipped))
        assert (captured["status"], captured["amount_captured_minor"]) == ("succeeded", 1500)
        canceled = json.loads(reader.types(INTEGRATE, "cancel", charge_id=given_up))
        assert canceled["status"] == "canceled"
        refund = json.loads(reader.types(INTEGRATE, "refund", charge_id=shipped))
        assert (refund["charge"], refund["status"], refund["amount_minor"]) == (shipped, "succeeded", 500)
        reader.system.until_idle()
        page = json.loads(reader.types(INTEGRATE, "list-refunds", charge_id=shipped))
        assert [(one["id"], one["metadata"]) for one in page["data"]] == [
            (refund["id"], {"return_id": "118"})
        ]
        assert (await shop.get(shipped))["amount_refundable_minor"] == 1000


def test_the_sandbox_guides_faults_can_be_ordered_and_cleared(reader: Reader) -> None:
    json.loads(reader.types(SANDBOX, "state"))
    reader.types(SANDBOX, "fault-once")
    reader.types(SANDBOX, "fault-chance")
    kinds = [fault["kind"] for fault in json.loads(reader.types(SANDBOX, "faults-list"))["faults"]]
    assert kinds == ["rate_limited_429", "webhook_duplicate"]
    assert json.loads(reader.types(SANDBOX, "faults-clear")) == {"faults": []}


def test_the_sandbox_guides_lost_answer_is_found_by_the_janitor(
    reader: Reader, readme: dict[str, str]
) -> None:
    assert readme
    reader.system.until_idle()
    reader.types(SANDBOX, "lose-the-answer")
    charge = json.loads(reader.types(SANDBOX, "lost-charge"))
    reader.system.until_idle()
    events = reader.system.rows(
        "select type from eventstore.events where stream_id = ("
        "select stream_id from paymentdb.charges where charge_id = %s) order by version",
        charge["id"],
    )
    assert [name for (name,) in events] == ["charge.created", "charge.outcome_unknown", "charge.captured"]
    paid = json.loads(reader.types(SANDBOX, "state"))["by_metadata"][charge["id"]]
    assert paid["succeeded"] == 1


def test_the_operators_sql_finds_what_was_booked_for_a_payment(
    reader: Reader, readme: dict[str, str]
) -> None:
    reference = json.loads(body_of(readme["wait"]))["psp_reference"]
    code = named_block(OPERATE, "run", "entries-of-a-payment").code
    rows = reader.system.rows(re.sub(r"pi_\w+", reference, code))
    assert [(side, amount) for _, _, _, side, amount, _ in rows] == [
        ("debit", 1999),
        ("credit", 1999),
        # What the PSP takes for it.
        ("debit", 88),
        ("credit", 88),
    ]


def test_operators_guide_shows_a_payment_to_staff(reader: Reader, readme: dict[str, str]) -> None:
    charge_id = json.loads(body_of(readme["wait"]))["id"]
    first, *lines = reader.types(OPERATE, "show", charge_id=charge_id).splitlines()
    assert first.startswith(f"{charge_id} of mer_")
    assert first.endswith(
        "(test) at stripe/test: succeeded; asked 19.99 USD, authorized 19.99 USD, captured 19.99 USD, refunded 5.00 USD"
    )
    told = [word for line in lines for word in line.split()[:4] if word.startswith(("charge.", "refund."))]
    assert told == ["charge.created", "charge.captured", "refund.requested", "refund.succeeded"]


def test_operators_guide_rebuilds_paymentdb(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    reader.system.until_idle()
    count = "select count(*), sum(version) from paymentdb.charges"
    before = reader.system.rows(count)
    assert "paymentdb rebuilt from the log: " in reader.types(OPERATE, "rebuild-paymentdb")
    assert reader.system.rows(count) == before
    assert ", 0 differences" in reader.types(OPERATE, "verify-paymentdb")


def test_operators_guide_rebuilds_risk_outcomes(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    reader.system.until_idle()
    assert "outcomes of risk rebuilt from the log: " in reader.types(OPERATE, "rebuild-risk")
    assert ", 0 differences" in reader.types(OPERATE, "verify-risk")


def test_operators_guide_reads_and_verifies_books(reader: Reader, readme: dict[str, str]) -> None:
    assert readme
    reader.system.until_idle()
    printed = reader.types(OPERATE, "books")
    assert "psp:stripe:test:clearing:usd" in printed
    assert printed.splitlines()[-1].endswith("rows/s: the ledger is as it was sealed")
    assert reader.types(OPERATE, "verify-ledgerdb").strip().endswith(", 0 differences")


def test_the_operators_commands_run(reader: Reader) -> None:
    assert reader.types(OPERATE, "dead-jobs").strip() == "none"
    assert reader.types(OPERATE, "parked").strip() == "none"
    listed = reader.types(OPERATE, "keys")
    assert len(re.findall(r"sk_(?:test|live)_\.\.\.", listed)) == 2


def test_embedded_backup_is_restored_and_holds_no_secrets_key(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fincore-backup-"))

    def types(name: str) -> None:
        subprocess.run(
            ["bash", "-euc", named_block(OPERATE, "run", name).code],  # noqa: S607 -- the bash of the reader
            env=os.environ | {"FINCORE_DATA_DIR": str(folder)},
            cwd=tmp_path,
            timeout=BLOCK_TIMEOUT_SECONDS,
            check=True,
        )

    try:
        with embedded(folder) as connection:
            connection.execute("create table kept as select 42 as answer")
        (folder / "secrets.key").write_text("of-the-endpoints")
        types("backup-embedded")
        shutil.rmtree(folder)
        with tarfile.open(tmp_path / "fincore-database.tar.gz") as archive:
            names = archive.getnames()
        assert "pg/PG_VERSION" in names
        assert [name for name in names if "secrets" in name] == []
        types("restore-embedded")
        assert (folder / "secrets.key").read_text() == "of-the-endpoints"
        assert (folder / "secrets.key").stat().st_mode & 0o077 == 0
        with embedded(folder) as connection:
            assert connection.execute("select answer from kept").fetchall() == [(42,)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded(folder: Path) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A session on the embedded server of a data folder, which runs as long."""
    server = EmbeddedPostgres(folder)
    try:
        with psycopg.connect(server.start(), autocommit=True) as connection:
            yield connection
    finally:
        server.stop()


@pytest.fixture
def own_postgresql() -> Iterator[str]:
    """A server of one's own on which FinCore has never been; the DSN of its administrator."""
    folder = Path(tempfile.mkdtemp(prefix="fincore-own-"))
    server = EmbeddedPostgres(folder)
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_run_guide_prepares_own_postgresql(own_postgresql: str) -> None:
    with psycopg.connect(own_postgresql, autocommit=True) as connection:
        for statement in named_block(RUN, "run", "own-postgresql").code.strip().split(";\n"):
            connection.execute(statement.encode())
    dsn = own_postgresql.replace("postgres:@/postgres", "fincore:choose-one@/fincore")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FINCORE_")}
    for arguments in (("migrate",), ("merchant", "create", "Corner Shop"), ("check",)):
        done = subprocess.run(
            [FORK_SERVER.python, "-m", "fincore", *arguments],
            env=environment | {"FINCORE_EVENTSTORE_DSN": dsn},
            capture_output=True,
            text=True,
            timeout=BLOCK_TIMEOUT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
