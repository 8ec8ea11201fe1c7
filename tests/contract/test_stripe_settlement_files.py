"""The sandbox's payout reports and FinCore's parsers: what one writes the other reads to the last minor unit, and what is false shows.

The payout object, which is neither, says what each report has to add up to.
"""

import io
import random
import urllib.request
from typing import Any, get_args
from uuid import uuid4

import pytest
import stripe

from fincore.domain.ids import new_charge_id, new_refund_id
from fincore.domain.money import Money
from fincore.reconciliation.formats import stripe_itemized, stripe_summary
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.line import SettlementLine
from fincore.reconciliation.parsed_file import Expected, FileFormat, ParsedFile
from fincore.reconciliation.totals import differences
from fincore.write.psp.stripe.amounts import from_stripe
from fixtures.sandbox import SandboxProcess
from psp_sandbox.stripe.falsification import FalsificationKind

CURRENCIES = {"usd": 1, "eur": 1, "jpy": 1, "kwd": 10, "isk": 100}
"""Currency -> what amounts of it are multiples of at Stripe."""


class Day:
    """A settlement day of one account with payments, refunds, disputes, fees and what comes back of an earlier payout."""

    def __init__(self, sandbox: SandboxProcess, seed: int) -> None:
        self._sandbox = sandbox
        self._key = f"sk_test_{uuid4().hex}"
        self._client = stripe.StripeClient(self._key, base_addresses={"api": sandbox.url})
        self._chance = random.Random(seed)
        sandbox.call("POST", "/sandbox/aftermath", {"delay_seconds": 60})
        self.charge_ids: set[str] = set()
        self.refund_ids: set[str] = set()
        for currency in CURRENCIES:
            self._live_through(currency)
        for payout in self._cut():
            sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/fail")
        for currency in CURRENCIES:
            self._live_through(currency)
        self.payouts = self._cut()

    def _live_through(self, currency: str) -> None:
        intents: list[Any] = [self._pay(currency) for _ in range(self._chance.randint(2, 4))]
        for intent in self._chance.sample(intents, 2):
            step = CURRENCIES[currency]
            refund_id = new_refund_id()
            self.refund_ids.add(refund_id)
            self._client.v1.refunds.create(
                {
                    "payment_intent": intent.id,
                    "amount": self._chance.randint(1, 500 // step) * step,
                    "metadata": {"fincore_refund_id": refund_id},
                }
            )
        dispute = self._sandbox.call("POST", f"/sandbox/payment_intents/{intents[0].id}/dispute")
        if self._chance.random() < 0.5:
            self._sandbox.call("POST", f"/sandbox/disputes/{dispute['id']}/win")
        order = {"payment_intent": intents[0].id, "currency": currency, "amount": CURRENCIES[currency] * 7}
        self._sandbox.call("POST", "/sandbox/account_fees", order)

    def _pay(self, currency: str) -> Any:
        charge_id = new_charge_id()
        self.charge_ids.add(charge_id)
        order: Any = {
            "amount": self._chance.randint(10, 90) * 100,
            "currency": currency,
            "payment_method": "pm_card_visa",
            "payment_method_types": ["card"],
            "confirm": True,
            "metadata": {"fincore_charge_id": charge_id},
        }
        return self._client.v1.payment_intents.create(order)

    def _cut(self) -> list[Any]:
        """The payouts of this account: a day is cut for every account of the sandbox, which other tests may have used."""
        made: list[Any] = self._sandbox.call("POST", "/sandbox/settlement_days")["data"]
        own = {payout.id for payout in self._client.v1.payouts.list({"limit": 100}).data}
        return [payout for payout in made if payout["id"] in own]

    def parsed(self, payout: Any, form: FileFormat) -> tuple[ParsedFile, list[SettlementLine]]:
        """The payout's report, read to its end."""
        of = {"stripe_payout_itemized": stripe_itemized, "stripe_payout_summary": stripe_summary}[form]
        order: Any = {
            "report_type": of.REPORT_TYPE,
            "parameters": {"payout": payout["id"], "columns": list(of.COLUMNS)},
        }
        run = self._client.v1.reporting.report_runs.create(order)
        self._sandbox.call("POST", "/sandbox/clock", {"advance_seconds": 60})
        result = self._client.v1.reporting.report_runs.retrieve(run.id).result
        assert result is not None
        request = urllib.request.Request(  # noqa: S310 - loopback
            str(result.url), headers={"Authorization": f"Bearer {self._key}"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - loopback
            content = response.read()
        file = FORMATS[form].parse(io.BytesIO(content), Expected(payout_reference=payout["id"]))
        return file, list(file.lines)

    def differences(self, payout: Any) -> list[str]:
        """Where the itemized report does not add up to the summary."""
        summary, _ = self.parsed(payout, "stripe_payout_summary")
        itemized, _ = self.parsed(payout, "stripe_payout_itemized")
        return differences(summary.stated, itemized.computed)


@pytest.mark.parametrize("seed", range(2))
def test_itemized_reports_lines_sum_to_the_payout(psp_sandbox: SandboxProcess, seed: int) -> None:
    day = Day(psp_sandbox, seed)
    assert {payout["currency"] for payout in day.payouts} == set(CURRENCIES)
    charge_ids: set[str] = set()
    refund_ids: set[str] = set()
    for payout in day.payouts:
        _, lines = day.parsed(payout, "stripe_payout_itemized")
        net_minor = sum(line.gross_minor + line.fee_minor for line in lines)
        assert Money(net_minor, lines[0].currency) == from_stripe(payout["amount"], payout["currency"])
        assert {line.payout_reference for line in lines} == {payout["id"]}
        assert {"payment", "refund", "dispute", "account_fee", "payout_returned"} <= {
            line.kind for line in lines
        }
        charge_ids |= {line.our_reference or "" for line in lines if line.kind == "payment"}
        refund_ids |= {line.our_reference or "" for line in lines if line.kind == "refund"}
        assert day.differences(payout) == []
    assert charge_ids < day.charge_ids
    assert refund_ids < day.refund_ids


def test_each_false_row_differs_from_the_summary(psp_sandbox: SandboxProcess) -> None:
    day = Day(psp_sandbox, 7)
    payout = next(one for one in day.payouts if one["currency"] == "usd")
    for kind in get_args(FalsificationKind):
        order = {"kind": kind, "row": 2, "delta_minor": 300}
        psp_sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/falsify", order)
        assert day.differences(payout) != [], kind
        psp_sandbox.call("POST", f"/sandbox/payouts/{payout['id']}/falsify", order | {"summary": True})
        assert day.differences(payout) == [], kind
    psp_sandbox.call("DELETE", f"/sandbox/payouts/{payout['id']}/falsify")
    assert day.differences(payout) == []
