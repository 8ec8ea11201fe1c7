"""FinCore asking Stripe for reports of payouts: at the sandbox over HTTP, and at a Stripe that answers wrongly."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, Self, cast
from uuid import uuid4

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from fincore.domain.clock import SystemClock
from fincore.domain.currency import Currency
from fincore.domain.outcome import PspAccount, PspReference
from fincore.domain.payout import Payout, PayoutAccount
from fincore.domain.secret import Secret
from fincore.domain.settlement_events import PayoutEvent
from fincore.eventstore.recorder import Recorded
from fincore.postgres.pool import Pool
from fincore.reconciliation.evidence.folder import FolderEvidence
from fincore.reconciliation.fetching import stripe_api
from fincore.reconciliation.fetching.look import Look
from fincore.reconciliation.fetching.remote import SourceFailed
from fincore.reconciliation.fetching.stripe_api import ITEMIZED, SUMMARY, StripeReportApi
from fincore.reconciliation.fetching.stripe_reports import (
    WAIT_SECONDS_MAX,
    Pause,
    StripeReports,
    StripeReportSource,
    refusal_of,
)
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.report.reports import checked_report
from fincore.reconciliation.source import REPORT_NAMES
from fincore.write.psp.stripe.account import STRIPE, StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settled_account import SettledAccount
from fixtures.commits import created, new_stream
from fixtures.money_events import captured, refunded
from fixtures.sandbox import SandboxProcess
from fixtures.settlement import Settlement, settling
from fixtures.settlement_account import settlement
from fixtures.settlement_sources import SOURCE, SourceWorld, no_pause
from fixtures.traffic import store_pool

REPORTS = replace(
    SOURCE,
    name="stripe_eu",
    psp=STRIPE,
    format="stripe_payout_itemized",
    names=REPORT_NAMES,
)
OF = PayoutAccount(psp=STRIPE, psp_account=PspAccount("eu"), livemode=False)


class Remote(StripeReports):
    """The reports, opened as the looker opens a source."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return


class World(NamedTuple):
    """Where reports go, and how they are asked for."""

    kept: SourceWorld
    settlement: Settlement
    client: StripeClient

    def remote(self, url: str, key: str, *, since: date | None = None, pause: Pause = no_pause) -> Remote:
        """The report API at an address."""

        async def fetched(names: Any) -> frozenset[str]:
            return await self.kept.files.names_fetched(REPORTS.name, names)

        account = StripeAccount(secret_key=Secret(key), expects_livemode=False, base_url=url)
        source = StripeReportSource(
            account=account,
            of=OF,
            settled=SettledAccount(livemode=False),
            since=since,
            payouts=self.settlement.payouts,
            evidence=self.kept.evidence,
            fetched=fetched,
            clock=SystemClock(),
        )
        return Remote(source, StripeReportApi(self.client, account), pause=pause)

    async def look(self, remote: Remote) -> Look:
        """A look at the source."""
        return await self.kept.look(lambda: remote, source=REPORTS)

    async def payout(self, reference: str) -> Payout | None:
        """A payout as the log has it."""
        return await self.settlement.payouts.load(OF.payout_id(PspReference(reference)))

    async def row(self) -> Any:
        """The one file on record."""
        (row,) = await self.kept.pool.fetch("select * from reconciliation.files")
        return row


@pytest.fixture
async def world(pool: Pool, tmp_path: Path) -> AsyncIterator[World]:
    kept = SourceWorld(pool, tmp_path)
    await kept.declare(REPORTS)
    client = StripeClient()
    async with settling(pool) as settlement:
        yield World(kept, settlement, client)
    await client.close()


class Sandbox:
    """An account at the sandbox of which a day ends with a payout."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.key = f"sk_test_{uuid4().hex}"
        self._client = stripe.StripeClient(self.key, base_addresses={"api": process.url})
        process.call("POST", "/sandbox/aftermath", {"delay_seconds": 60})

    def payout(self, currency: str = "usd") -> Any:
        order: Any = {
            "amount": 2500,
            "currency": currency,
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
        }
        intent = self._client.v1.payment_intents.create(order)
        cut = {"payment_intent": intent.id, "currency": currency}
        (made,) = self.process.call("POST", "/sandbox/settlement_days", cut)["data"]
        return made

    async def later(self, _: float) -> None:
        """Wait by moving the sandbox's clock."""
        self.process.call("POST", "/sandbox/clock", {"advance_seconds": 60})


@pytest.fixture
def sandbox(psp_sandbox: SandboxProcess) -> Sandbox:
    return Sandbox(psp_sandbox)


async def test_report_of_a_payout_is_kept_with_its_proof(world: World, sandbox: Sandbox) -> None:
    payout = sandbox.payout()
    remote = world.remote(sandbox.process.url, sandbox.key, pause=sandbox.later)
    look = await world.look(remote)
    name = f"itemized-{payout['id']}.csv"
    assert (look.failure, [(one.name, one.finding) for one in look.fetched]) == (None, [(name, "new")])
    row = await world.row()
    assert (row["status"], row["payout_reference"], row["format"]) == (
        "kept",
        payout["id"],
        "stripe_payout_itemized",
    )
    request = json.loads(row["request"])
    assert (request["report_type"], request["parameters"]) == (
        ITEMIZED.name,
        {"payout": payout["id"], "columns": list(ITEMIZED.columns)},
    )
    with await world.kept.evidence.open(request["summary"]["location"], request["summary"]["sha256"]) as kept:
        assert kept.read().decode().splitlines()[0] == ",".join(SUMMARY.columns)
    again = world.remote(sandbox.process.url, sandbox.key)
    assert await world.look(again) == Look(source=REPORTS.name, fetched=(), failure=None)


async def test_payout_without_a_webhook_is_recorded_and_followed(world: World, sandbox: Sandbox) -> None:
    payout = sandbox.payout()
    remote = world.remote(sandbox.process.url, sandbox.key)
    await world.look(remote)
    recorded = await world.payout(payout["id"])
    assert recorded is not None
    assert (recorded.status, recorded.money.amount_minor) == ("in_transit", payout["amount"])
    sandbox.process.call("POST", f"/sandbox/payouts/{payout['id']}/pay")
    sandbox.process.call("POST", f"/sandbox/payouts/{payout['id']}/fail", {"code": "account_closed"})
    await world.look(remote)
    recorded = await world.payout(payout["id"])
    assert recorded is not None
    assert (recorded.status, recorded.failure_code) == ("failed", "account_closed")


async def test_report_that_is_not_ready_is_taken_by_a_later_look(world: World, sandbox: Sandbox) -> None:
    sandbox.payout()
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    early = await world.look(world.remote(sandbox.process.url, sandbox.key, pause=wait))
    assert (early.failure, early.fetched, sum(waited)) == (None, (), WAIT_SECONDS_MAX)
    await sandbox.later(0)
    late = await world.look(world.remote(sandbox.process.url, sandbox.key))
    assert [one.finding for one in late.fetched] == ["new"]
    client = stripe.StripeClient(sandbox.key, base_addresses={"api": sandbox.process.url})
    assert len(client.v1.reporting.report_runs.list().data) == 2


async def test_report_unlike_its_summary_is_refused_at_once(world: World, sandbox: Sandbox) -> None:
    payout = sandbox.payout()
    lie = {"kind": "change_amount", "row": 1, "delta_minor": 300}
    sandbox.process.call("POST", f"/sandbox/payouts/{payout['id']}/falsify", lie)
    await world.look(world.remote(sandbox.process.url, sandbox.key, pause=sandbox.later))
    row = await world.row()
    assert row["status"] == "refused"
    assert row["refusal"] == (
        "the rows are not those of the payout's summary: charge: gross of 25.00 USD stated, the rows add up to 28.00 USD"
    )
    assert await world.kept.pool.fetch("select 1 from reconciliation.files_to_read") == []
    assert await world.kept.files.names_fetched(REPORTS.name, [row["name"]]) == frozenset()


async def test_payout_made_before_the_day_is_left(world: World, sandbox: Sandbox) -> None:
    payout = sandbox.payout()
    later = (datetime.now(UTC) + timedelta(days=2)).date()
    await world.look(world.remote(sandbox.process.url, sandbox.key, since=later))
    assert await world.payout(payout["id"]) is None


HEADER = ",".join(ITEMIZED.columns).encode() + b"\n"
SUMMARY_HEADER = ",".join(SUMMARY.columns).encode() + b"\n"
PAYOUT = {
    "object": "payout", "id": "po_1", "amount": 2500, "currency": "usd", "created": 1_790_000_000, "livemode": False,
    "status": "pending", "arrival_date": 1_790_000_000, "reconciliation_status": "completed",
}  # fmt: skip
ITEM = b"txn_1,2026-11-26 10:00:00,usd,25,0,25,charge,ch_1,po_1,ch_1,pi_1,25,usd,,\n"
SUM = b"charge,usd,1,25,0,25\n"


class FalseStripe:
    """A Stripe that answers as it is told: of its true answers, some are put in another's place."""

    def __init__(self) -> None:
        self.pages: list[Any] = [{"data": [PAYOUT], "has_more": False}]
        self.run: dict[str, Any] = {}
        self.ask_status = 200
        self.error: dict[str, Any] = {"type": "invalid_request_error"}
        self.contents = {"file_1": HEADER + ITEM, "file_2": SUMMARY_HEADER + SUM}
        self.sizes: dict[str, int] = {}
        self.asked = 0

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v1/payouts", self.payouts)
        app.router.add_post("/v1/reporting/report_runs", self.ask)
        app.router.add_get("/v1/reporting/report_runs/{id}", self.retrieve)
        app.router.add_get("/v1/files/{id}/contents", self.content)
        return app

    async def payouts(self, _: web.Request) -> web.Response:
        self.asked += 1
        page = self.pages[min(self.asked, len(self.pages)) - 1]
        return web.Response(status=page) if isinstance(page, int) else web.json_response(page)

    async def ask(self, request: web.Request) -> web.Response:
        if self.ask_status != 200:
            return web.json_response({"error": self.error}, status=self.ask_status)
        form = await request.post()
        return web.json_response(self._run("1" if form["report_type"] == ITEMIZED.name else "2") | self.run)

    async def retrieve(self, request: web.Request) -> web.Response:
        return web.json_response(self._run(request.match_info["id"][-1]) | self.run)

    async def content(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer sk_test_1"
        return web.Response(body=self.contents[request.match_info["id"]])

    def _run(self, number: str) -> dict[str, Any]:
        kind, file = (ITEMIZED if number == "1" else SUMMARY), f"file_{number}"
        size = self.sizes.get(file, len(self.contents[file]))
        return {
            "object": "reporting.report_run",
            "id": f"frr_{number}",
            "livemode": False,
            "report_type": kind.name,
            "parameters": {"payout": "po_1", "columns": list(kind.columns)},
            "status": "succeeded",
            "result": {
                "id": file,
                "created": 1_790_000_000,
                "size": size,
                "url": "https://elsewhere.example/f",
            },
        }


async def look_at(world: World, told: FalseStripe) -> Look:
    async with TestServer(told.application()) as server:
        return await world.look(world.remote(str(server.make_url("")).rstrip("/"), "sk_test_1"))


class NoRecorder:
    """Takes what is said of a payout, and keeps nothing."""

    async def record(self, *_: object, **__: object) -> Recorded[PayoutEvent]:
        return Recorded(())


async def offered(told: FalseStripe) -> tuple[int, str]:
    """How many reports a look is offered, and why it failed or what was left out."""

    async def fetched(_: object) -> frozenset[str]:
        return frozenset()

    client = StripeClient()
    async with TestServer(told.application()) as server:
        account = StripeAccount(
            secret_key=Secret("sk_test_1"),
            expects_livemode=False,
            base_url=str(server.make_url("")).rstrip("/"),
        )
        source = StripeReportSource(
            account=account,
            of=OF,
            settled=SettledAccount(livemode=False),
            since=None,
            payouts=cast("PayoutRecorder", NoRecorder()),
            evidence=FolderEvidence(Path("/nowhere")),
            fetched=fetched,
            clock=SystemClock(),
        )
        try:
            listing = await StripeReports(source, StripeReportApi(client, account), pause=no_pause).list()
        except SourceFailed as error:
            return 0, str(error)
        finally:
            await client.close()
    return len(listing.files), "; ".join(listing.left_out)


async def test_stripe_that_answers_truly_is_believed(world: World) -> None:
    look = await look_at(world, FalseStripe())
    assert (look.failure, len(look.fetched), (await world.row())["status"]) == (None, 1, "kept")


@pytest.mark.parametrize(
    ("pages", "sentence"),
    [
        ([500], "Stripe answered 500 to the request for the list of payouts"),
        ([401], "give the secret key the permission"),
        ([{"data": []}], "is not understood"),
        ([{"data": [PAYOUT], "has_more": True}], "Stripe lists the payout po_1 twice"),
        ([{"data": [], "has_more": True}], "says that more follow"),
        ([{"data": [PAYOUT | {"livemode": True}], "has_more": False}], "for the other mode"),
        ([{"data": [PAYOUT | {"id": "../po_1"}], "has_more": False}], "is no id of a payout"),
        (
            [{"data": [PAYOUT | {"status": "lost"}], "has_more": False}],
            "a payout status that FinCore does not",
        ),
        (
            [{"data": [PAYOUT | {"reconciliation_status": "half"}], "has_more": False}],
            "po_1 has a reconciliation_status that FinCore does not know",
        ),
        (
            [{"data": [PAYOUT | {"id": f"po_{number}"}], "has_more": True} for number in range(9)],
            "lists more than 300 payouts: set `since`",
        ),
    ],
)
async def test_list_that_cannot_be_used_fails_the_look(
    monkeypatch: pytest.MonkeyPatch, pages: list[Any], sentence: str
) -> None:
    monkeypatch.setattr(stripe_api, "PAGES_MAX", 3)
    told = FalseStripe()
    told.pages = pages
    assert sentence in (await offered(told))[1]


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        ({"parameters": {"payout": "po_2", "columns": list(ITEMIZED.columns)}}, "another run"),
        ({"report_type": "balance.summary.1"}, "another run"),
        ({"livemode": True}, "for the other mode"),
        ({"status": "failed", "result": None}, "Stripe made no report"),
        ({"status": "succeeded", "result": None}, "Stripe made no report"),
        ({"id": "frr_1/../../payouts"}, "is not understood"),
    ],
)
async def test_run_of_another_kind_is_not_believed(run: dict[str, Any], sentence: str) -> None:
    told = FalseStripe()
    told.run = run
    count, reason = await offered(told)
    assert (sentence in reason, count) == (True, 0)


@pytest.mark.parametrize(
    ("status", "param", "sentence"),
    [
        (400, "parameters[columns]", "Stripe refuses the columns of the report"),
        (
            400,
            "parameters[payout]",
            "Stripe refuses the report payout_reconciliation.by_id.itemized.4 of po_1",
        ),
        (429, "", "Stripe answered 429"),
        (403, "", "give the secret key the permission"),
    ],
)
async def test_report_that_is_denied_fails_the_look(status: int, param: str, sentence: str) -> None:
    told = FalseStripe()
    told.ask_status, told.error = status, {"type": "invalid_request_error", "param": param}
    count, reason = await offered(told)
    assert (sentence in reason, count) == (True, 0)


@pytest.mark.parametrize(
    ("file", "size", "sentence"),
    [
        ("file_1", 10, "more than the 10 bytes"),
        ("file_1", 5 * 1024**3, "are the most that is fetched"),
        ("file_2", 10, "bytes of the summary of po_1"),
    ],
)
async def test_file_of_another_size_is_not_recorded(
    world: World, file: str, size: int, sentence: str
) -> None:
    told = FalseStripe()
    told.sizes[file] = size
    look = await look_at(world, told)
    assert (sentence in str(look.failure), await world.kept.listed()) == (True, [])


@pytest.mark.parametrize(
    ("itemized", "summary", "sentence"),
    [
        (ITEM.replace(b"po_1", b"po_2"), SUM, "is about the payout 'po_2', not 'po_1'"),
        (b"", b"", "the report has no row"),
        (ITEM, b"", "the summary has no USD"),
        (ITEM + ITEM.replace(b"usd", b"eur"), SUM, "the summary has no EUR"),
        (ITEM + ITEM.replace(b"txn_1", b"txn_2"), SUM, "charge: 1 row stated, 2 found"),
        (ITEM, b"strange,usd,1,25,0,25\n", "the summary of the payout cannot be read"),
    ],
)
def test_report_that_its_summary_does_not_prove_is_refused(
    itemized: bytes, summary: bytes, sentence: str
) -> None:
    refusal = refusal_of("po_1", BytesIO(HEADER + itemized), BytesIO(SUMMARY_HEADER + summary))
    assert sentence in str(refusal)
    assert refusal_of("po_1", BytesIO(HEADER + ITEM), BytesIO(SUMMARY_HEADER + SUM)) is None


async def test_converted_day_is_fetched_matched_and_reported(
    world: World, sandbox: Sandbox, dsn: str
) -> None:
    """A payment of euros and its refund at another rate: every account is explained, and the rate has its loss."""
    currencies: Any = {"currency": "usd", "rates": {"eur": "1.08"}}
    sandbox.process.call("POST", "/sandbox/settlement_currency", currencies)
    at_psp = stripe.StripeClient(sandbox.key, base_addresses={"api": sandbox.process.url})
    paid: Any = {
        "amount": 10_000,
        "currency": "eur",
        "payment_method": "pm_card_visa",
        "payment_method_types": ["card"],
        "confirm": True,
        "expand": ["latest_charge.balance_transaction"],
    }
    intent: Any = at_psp.v1.payment_intents.create(paid)
    currencies["rates"]["eur"] = "1.1"
    sandbox.process.call("POST", "/sandbox/settlement_currency", currencies)
    refund = at_psp.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    (payout,) = sandbox.process.call("POST", "/sandbox/settlement_days", {})["data"]
    charge = intent.latest_charge
    at = datetime.fromtimestamp(charge.created, UTC)
    of_account: dict[str, Any] = {"psp": STRIPE, "psp_account": OF.psp_account, "currency": Currency("eur")}
    async with store_pool(dsn, "ledgerdb") as ledgerdb, settlement(world.kept.pool, ledgerdb) as account:
        ours = account._replace(
            evidence=world.kept.evidence,  # type: ignore[arg-type]
            formats={"stripe_payout_itemized": FORMATS["stripe_payout_itemized"]},
            psp=STRIPE,
            psp_account=OF.psp_account,
        )
        await ours.happen(
            new_stream(),
            created(10_000, created_at=at, **of_account),
            captured(
                psp_reference=PspReference(intent.id),
                fee_minor=charge.balance_transaction.fee,
                fee_currency=Currency("usd"),
                platform_fee_minor=0,
                occurred_at=at,
                **of_account,
            ),
            refunded(psp_reference=PspReference(refund.id), occurred_at=at, **of_account),
        )
        look = await world.look(world.remote(sandbox.process.url, sandbox.key, pause=sandbox.later))
        assert (look.failure, [one.finding for one in look.fetched]) == (None, ["new"])
        result = await ours.reconciliation.run()
        await ours.book()
        assert result is not None
        assert (result.lines_matched, result.breaks_opened, result.problems) == (2, 0, ())
        assert await ours.balances() == {"in_transit usd": payout["amount"]}
        rows = await ours.rows(
            "select name, balance_minor from ledgerdb.accounts where name ~ '^(fx|expense:fx):' order by name"
        )
        assert {row["name"]: row["balance_minor"] for row in rows} == {
            "expense:fx:usd": 80,
            "fx:position:eur": 6_000,
            "fx:position:usd": -6_480,
        }
        checked = await checked_report(ledgerdb, None)
        assert checked.is_sound
        assert checked.report.breaks == ()
