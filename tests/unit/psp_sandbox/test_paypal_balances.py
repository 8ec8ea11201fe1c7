"""The balance that PayPal's sandbox keeps is what its payments, refunds and disputes say, in any order of them."""

from collections import defaultdict
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.paypal_report import flaws_of, read_file
from psp_sandbox.clock import Clock
from psp_sandbox.ids import new_paypal_id
from psp_sandbox.paypal import dispute_machine, fees, payment_machine, refund_machine
from psp_sandbox.paypal.balances import Balance
from psp_sandbox.paypal.change import Change
from psp_sandbox.paypal.dispute_machine import ImpossibleStep, Objection
from psp_sandbox.paypal.errors import Refusal
from psp_sandbox.paypal.money import WHOLE
from psp_sandbox.paypal.records import Amount, Capture, Funding, Instrument
from psp_sandbox.paypal.refund_machine import RefundOrder
from psp_sandbox.paypal.settlement import DayOrder
from psp_sandbox.paypal.store import Store
from psp_sandbox.paypal.webhooks import Webhooks
from psp_sandbox.paypal.wire import RECEIVABLE
from psp_sandbox.scheduler import Scheduler

ACCOUNT = "client_a"


class Unheard:
    """Takes events, and tells none."""

    def send(self, *_args: Any, **_fields: Any) -> None:
        """Nothing is sent."""


class Merchant:
    """One account and what is done to its payments; what is impossible is not done."""

    def __init__(self) -> None:
        clock = Clock(lambda: 1_790_000_000.0)
        webhooks = Webhooks(public_url="", given=(), deliveries=Unheard())
        self.store = Store(
            scheduler=Scheduler(clock), effect_delay_seconds=0, clock=clock.now, public_url="", max_orders=1_000,
            webhooks=webhooks,
        )  # fmt: skip

    def pay(self, currency: str, minor: int, funding: Funding) -> None:
        status, reason = payment_machine.CAPTURED[funding]
        now = self.store.now()
        capture = Capture(
            id=new_paypal_id(), account=ACCOUNT, order_id=new_paypal_id(), reference_id="default",
            authorization_id=None, status=status, reason=reason, amount=Amount(currency, minor), refunded_minor=0,
            final=True, created_at=now, updated_at=now, custom_id=None, invoice_id=None,
            instrument=Instrument(funding=funding),
        )  # fmt: skip
        self.store.apply(Change(records=(capture,)))

    def do(self, verb: str, number: int, minor: int, *, denied: bool) -> None:
        captures = [one for _, one in self.store.captures.all()]
        refunds = [one for _, one in self.store.refunds.all()]
        disputes = [one for _, one in self.store.disputes.all()]
        about = (
            refunds if verb == "decide_refund" else disputes if verb in dispute_machine.STEPS else captures
        )
        number %= max(1, len(about))
        now = self.store.now()
        with suppress(IndexError, Refusal, ImpossibleStep):
            if verb == "refund":
                capture = captures[number]
                asked = RefundOrder(
                    refund_id=new_paypal_id(),
                    amount=Amount(capture.amount.currency, 1 + minor % capture.amount.minor),
                )
                self.store.apply(refund_machine.refund(capture, asked, now=now))
            elif verb == "reverse":
                asked = RefundOrder(refund_id=new_paypal_id(), amount=None)
                self.store.apply(refund_machine.reverse(captures[number], asked, now=now))
            elif verb == "decide" and captures[number].status == "PENDING":
                self.store.apply(payment_machine.decide_capture(captures[number], denied=denied, now=now))
            elif verb == "decide_refund" and refunds[number].status != "FAILED":
                refund = refunds[number]
                of = self.store.captures.get(ACCOUNT, refund.capture_id)
                assert of is not None
                self.store.apply(refund_machine.decide_refund(refund, of, failed=denied, now=now))
            elif verb in {"INQUIRY", "CHARGEBACK"} and captures[number].status in refund_machine.REFUNDABLE:
                left = captures[number].amount.minor - captures[number].refunded_minor
                objection = Objection(
                    dispute_id=f"PP-R-{new_paypal_id()}", captures=(captures[number],), minor=min(minor, left),
                    reason="UNAUTHORISED", stage="INQUIRY" if verb == "INQUIRY" else "CHARGEBACK", holds=denied,
                )  # fmt: skip
                self.store.apply(dispute_machine.opened(objection, now=now, new_id=new_paypal_id))
            elif verb in dispute_machine.STEPS:
                dispute = disputes[number]
                of_dispute = self.store.captures_of(dispute)
                self.store.apply(
                    dispute_machine.take(verb, dispute, of_dispute, now=now, new_id=new_paypal_id)
                )

    def expected(self) -> dict[str, Balance]:
        """What the account has, from the objects as they are now."""
        available: dict[str, int] = defaultdict(int)
        held: dict[str, int] = defaultdict(int)
        for _, capture in self.store.captures.all():
            if capture.status in RECEIVABLE:
                available[capture.amount.currency] += capture.amount.minor - fees.fee_minor(
                    capture.amount.minor
                )
        for _, refund in self.store.refunds.all():
            if refund.status == "COMPLETED":
                available[refund.amount.currency] -= refund.amount.minor - refund.fee_minor
        for _, dispute in self.store.disputes.all():
            held[dispute.amount.currency] += dispute.held_minor
            available[dispute.amount.currency] -= (
                dispute.held_minor + dispute.taken_minor + dispute.moved("fee")
            )
        return {currency: Balance(minor, held[currency]) for currency, minor in available.items()}


VERBS = [
    "refund",
    "reverse",
    "decide",
    "decide_refund",
    "INQUIRY",
    "CHARGEBACK",
    *dispute_machine.STEPS,
    "cut",
]
payments = st.tuples(
    st.sampled_from(["USD", "JPY"]),
    st.integers(1, 100_000),
    st.sampled_from(sorted(payment_machine.CAPTURED)),
)
acts = st.tuples(st.sampled_from(VERBS), st.integers(0, 3), st.integers(1, 100_000), st.booleans())


@settings(max_examples=60, deadline=None)
@given(
    history=st.lists(payments, min_size=1, max_size=4).flatmap(
        lambda paid: st.tuples(st.just(paid), st.lists(acts, max_size=12))
    )
)
def test_balance_is_what_payments_refunds_and_disputes_say(history: Any) -> None:
    paid, done = history
    merchant = Merchant()
    for one in paid:
        merchant.pay(*one)
    reports = []
    for verb, number, minor, denied in done:
        if verb == "cut":
            reports += merchant.store.settlement.cut(ACCOUNT, DayOrder())
        else:
            merchant.do(verb, number, minor, denied=denied)
    reports += merchant.store.settlement.cut(ACCOUNT, DayOrder())
    expected = merchant.expected()
    assert dict(merchant.store.balances.of(ACCOUNT)) == {
        currency: balance
        for currency, balance in expected.items()
        if currency in merchant.store.balances.of(ACCOUNT)
    }
    found = [read_file(file.content) for file in reports]
    assert [flaws_of(one) for one in found] == [[] for _ in found]
    last = found[-1].section
    for currency, balance in expected.items():
        scale = 100 if currency in WHOLE else 1
        stated = last.get(currency, {"ending_available": 0, "ending_total": 0})
        assert stated["ending_available"] == balance.available_minor * scale
        assert stated["ending_total"] == balance.total_minor * scale
