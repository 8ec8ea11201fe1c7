"""What staff read of an account: its breaker, and an outcome that cannot be asked for because the account is gone."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from fincore.cli.charges import asking_text
from fincore.cli.psp import breaker_text
from fincore.domain.currency import Currency
from fincore.domain.ids import ChargeId, MerchantId
from fincore.domain.outcome import PspAccount, PspName
from fincore.read.paymentdb.unknown_queries import UnknownOutcome
from fincore.write.routing.breaker import Counts
from fincore.write.routing.breaker_store import SharedBreaker

AT = datetime(2026, 11, 26, 3, 0, 7, tzinfo=UTC)
OPEN = SharedBreaker(
    state="open",
    seconds_left=11.6,
    waits=1,
    openings=1,
    reason="9 of 10 calls within 60 s did not reach the account",
    changed_at=AT,
    counts=Counts(1, 9),
)
STRIPE, EU = PspName("stripe"), PspAccount("eu")
OUTCOME = UnknownOutcome(
    charge_id=ChargeId("ch_1"),
    refund_id=None,
    attempt=None,
    merchant_id=MerchantId("mer_1"),
    livemode=True,
    psp=STRIPE,
    psp_account=EU,
    psp_reference=None,
    operation="authorize",
    amount_minor=1000,
    currency=Currency("usd"),
    since=AT,
)


@pytest.mark.parametrize(
    ("changes", "beginning"),
    [
        ({}, "open since 2026-11-26 03:00:07, tried again in 12 s: 9 of 10"),
        ({"seconds_left": -3.0}, "open since 2026-11-26 03:00:07, tried again by the next call: 9 of 10"),
        ({"state": "half_open"}, "half-open since 2026-11-26 03:00:07, one call tries the account: 9 of 10"),
        ({"state": "closed"}, "closed"),
    ],
)
def test_breaker_says_since_when_and_what_is_next(changes: dict[str, Any], beginning: str) -> None:
    assert breaker_text(msgspec.structs.replace(OPEN, **changes)).startswith(beginning)
    assert breaker_text(None) == "closed"


def test_unknown_outcome_at_account_that_is_gone_says_so() -> None:
    assert asking_text(OUTCOME, {(STRIPE, EU)}) == "FinCore asks the PSP"
    assert asking_text(OUTCOME, set()) == "FinCore asks the PSP"
    assert (
        asking_text(OUTCOME, {(STRIPE, PspAccount("us"))})
        == "FinCore cannot ask: stripe/eu is not configured here"
    )
