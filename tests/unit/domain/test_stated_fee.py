"""A fee that a settlement file states: the charge has it once, and only from a file that can be about all that it took."""

from typing import Any

import msgspec
import pytest

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import evolve, fold
from fincore.domain.currency import Currency
from fincore.domain.events import FeeAssessed
from fincore.domain.money import Money
from fincore.domain.outcome import PspAccount, PspName, PspReference, SubReference
from fincore.domain.stated_fee import StatedFee, fee_stated
from fixtures.commits import NOON, captured, created

USD, EUR = Currency("usd"), Currency("eur")
CAPTURE = PspReference("cap_1")


def charge(**changes: Any) -> Charge:
    """10.00 EUR taken by one capture, of which the fee is not known."""
    part = SubReference(kind="capture", psp_reference=CAPTURE)
    paid = captured(currency=EUR, psp_reference=PspReference("order_1"), sub_references=(part,), **changes)
    folded = fold([created(currency=EUR), paid])
    assert folded is not None
    return folded


def stated(**changes: object) -> StatedFee:
    """0.59 of 10.00 EUR."""
    fields: dict[str, Any] = {
        "psp": PspName("stripe"),
        "psp_account": PspAccount("test"),
        "livemode": False,
        "references": frozenset((CAPTURE,)),
        "taken": Money(1_000, EUR),
        "settled": Money(1_000, EUR),
        "fee": Money(59, EUR),
        "occurred_at": NOON,
    }
    return StatedFee(**(fields | changes))


def test_stated_fee_becomes_the_fee_of_the_charge() -> None:
    (event,) = fee_stated(charge(), stated())
    assert (event.fee_minor, event.currency, event.psp_reference) == (59, EUR, "order_1")
    told = evolve(charge(), event)
    assert told.fee == Money(59, EUR)
    assert fee_stated(told, stated(fee=Money(60, EUR))) == ()


def test_fee_in_the_settled_currency_keeps_that_currency() -> None:
    (event,) = fee_stated(charge(), stated(settled=Money(1_080, USD), fee=Money(63, USD)))
    assert (event.fee_minor, event.currency) == (63, USD)


def test_fee_that_is_known_is_not_told_again() -> None:
    known = charge(fee_minor=0, fee_currency=EUR)
    assert fee_stated(known, stated()) == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"psp": PspName("paypal")},
        {"psp_account": PspAccount("other")},
        {"livemode": True},
        {"references": frozenset()},
        {"references": frozenset((CAPTURE, PspReference("cap_2")))},
        {"taken": Money(999, EUR)},
        {"taken": Money(1_000, USD)},
        {"fee": Money(0, EUR)},
        {"fee": Money(-1, EUR)},
        {"fee": Money(501, EUR)},
        {"settled": Money(117, EUR)},
        {"fee": Money(59, USD)},
    ],
)
def test_statement_about_another_amount_tells_no_fee(changes: dict[str, Any]) -> None:
    assert fee_stated(charge(), msgspec.structs.replace(stated(), **changes)) == ()


def test_half_of_the_amount_as_fee_is_believed() -> None:
    (event,) = fee_stated(charge(), stated(fee=Money(500, EUR)))
    assert isinstance(event, FeeAssessed)


def test_charge_that_took_nothing_learns_no_fee() -> None:
    failed = fold([created(currency=EUR)])
    assert failed is not None
    assert fee_stated(failed, stated()) == ()
