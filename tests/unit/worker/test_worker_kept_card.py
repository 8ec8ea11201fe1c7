"""A kept card is charged with a token from the card edge: the same for an attempt, and never twice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fincore.domain.ids import CardId, ChargeId
from fincore.domain.outcome import Approved, PspAccount, PspName, Retryable
from fincore.domain.payment_method import CardToken, Initiator, KeptCard
from fincore.write.card_tokens.port import CardEdgeAway, CardRefused
from fincore.write.queue.job_payloads import authorize_job, resolve_job
from fincore.write.queue.port import RetryIn
from fincore.write.routing.breaker import Allowed, Availability, Open
from fixtures.card_tokens import ACCOUNT_AWAY, AWAY, DELETED, ScriptedCardTokens, token_of_attempt
from fixtures.routes import ADYEN, EUROPE, planned, routed
from fixtures.scripted_psp import (
    NOON,
    STRIPE,
    TEST_ACCOUNT,
    ScriptedPsp,
    SteppedClock,
    lost_before,
    payment_at,
)
from fixtures.worker_harness import QUICK_RETRIES, HarnessInMemory, harness_in_memory

CARD = KeptCard(CardId("card_01kab5m5wvfb9v1c2m5hfv0d2e"))
BACK = "https://shop.example/back"


class Watched:
    """A `CircuitBreaker` that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def may_call(self, psp: PspName, account: PspAccount) -> Allowed | Open:
        assert psp
        assert account
        return Allowed()

    def observe(self, psp: PspName, account: PspAccount, availability: Availability) -> None:
        assert psp
        self.told.append((account, availability))


class Place:
    """Two PSPs, a card edge and a worker in memory."""

    def __init__(
        self, *script: CardRefused | Retryable | CardEdgeAway, psp: ScriptedPsp | None = None
    ) -> None:
        self.first = psp or ScriptedPsp()
        self.second = ScriptedPsp(name=ADYEN, accounts=(EUROPE,))
        self.edge = ScriptedCardTokens(*script)
        self.clock = SteppedClock()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[HarnessInMemory]:
        others = {ADYEN: self.second}
        async with harness_in_memory(self.first, self.clock, others=others, card_tokens=self.edge) as harness:
            yield harness

    def idle(self) -> HarnessInMemory:
        others = {ADYEN: self.second}
        return HarnessInMemory(self.first, self.clock, others=others, card_tokens=self.edge)

    @property
    def made(self) -> list[int]:
        return [self.first.charges_made, self.second.charges_made]


async def charge_of(harness: HarnessInMemory, *, may_go_on: bool = False, card: KeptCard = CARD) -> ChargeId:
    places = [planned(STRIPE, TEST_ACCOUNT, card), planned(ADYEN, EUROPE, card)]
    return await harness.charge(**routed(*places[: 1 + may_go_on]), return_url=BACK)


@pytest.mark.parametrize("initiator", ["customer", "merchant"])
async def test_kept_card_is_charged_with_a_token_of_it(initiator: Initiator) -> None:
    place = Place()
    async with place.working() as harness:
        charge_id = await charge_of(harness, card=KeptCard(CARD.card_id, initiator))
        await harness.idle()
        charge = await harness.state(charge_id)
        assert (charge.status, charge.payment_method) == ("succeeded", KeptCard(CARD.card_id, initiator))
    (request,) = place.first.requests
    assert request.payment_method == CardToken(token_of_attempt(charge_id, 1))
    assert (request.initiator, request.return_url) == (initiator, BACK if initiator == "customer" else None)


async def test_card_edge_that_comes_back_loses_no_charge() -> None:
    place = Place(AWAY, AWAY)
    async with place.working() as harness:
        charge_id = await charge_of(harness, may_go_on=True)
        await harness.idle()
        assert (await harness.state(charge_id)).attempt_number == 1, "another account would fare the same"
    assert (place.made, place.edge.asked) == ([1, 0], [1, 1, 1])


async def test_card_edge_that_stays_away_leaves_it_to_the_janitor() -> None:
    place = Place(*[AWAY] * 9)
    harness = place.idle()
    charge_id = await charge_of(harness)
    await harness.do(authorize_job(charge_id), attempt=QUICK_RETRIES.attempts_max)
    assert (await harness.state(charge_id)).unknown_since == place.clock.now()
    await harness.do(resolve_job(charge_id, delay_seconds=0))
    place.clock.advance(minutes=20)
    await harness.do(resolve_job(charge_id, delay_seconds=0))
    charge = await harness.state(charge_id)
    assert charge.failure is not None
    assert (charge.status, charge.failure.code) == ("failed", "psp_unavailable")
    assert (place.made, place.first.requests) == ([0, 0], [])


async def test_card_that_is_gone_fails_the_charge_by_name() -> None:
    place = Place(DELETED)
    async with place.working() as harness:
        charge_id = await charge_of(harness, may_go_on=True)
        await harness.idle()
        charge = await harness.state(charge_id)
    assert charge.failure is not None
    assert (charge.status, charge.failure.code) == ("failed", "card_deleted")
    assert place.first.requests == place.second.requests == []


async def test_card_gone_after_a_possible_call_is_no_decline() -> None:
    """A worker that died may have charged the card before it was deleted: the PSP's record says what happened."""
    place = Place(DELETED)
    harness = place.idle()
    charge_id = await charge_of(harness)
    await harness.do(authorize_job(charge_id), may_have_run=True)
    charge = await harness.state(charge_id)
    assert (charge.status, charge.unknown_since, charge.failure) == ("processing", place.clock.now(), None)
    paid = Approved(
        kind="captured",
        money=charge.amount,
        psp_reference=payment_at(charge_id, TEST_ACCOUNT),
        occurred_at=NOON,
    )
    place.first.becomes(charge_id, paid)
    await harness.do(resolve_job(charge_id, delay_seconds=0))
    assert (await harness.state(charge_id)).status == "succeeded"


async def test_card_gone_before_the_janitor_repeats_decides_nothing() -> None:
    place = Place(psp=ScriptedPsp(lost_before))
    harness = place.idle()
    charge_id = await charge_of(harness)
    await harness.do(authorize_job(charge_id))
    place.edge.script.append(DELETED)
    await harness.do(resolve_job(charge_id, delay_seconds=0))
    charge = await harness.state(charge_id)
    assert (charge.status, charge.failure) == ("processing", None)


async def test_repeated_call_has_the_token_of_the_first() -> None:
    place = Place(psp=ScriptedPsp(lost_before))
    async with place.working() as harness:
        charge_id = await charge_of(harness)
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    tokens = {one.payment_method for one in place.first.requests}
    keys = {one.idempotency_key for one in place.first.requests}
    assert (len(place.first.requests), len(tokens), len(keys)) == (2, 1, 1)


async def test_failover_of_a_kept_card_has_a_token_of_its_own() -> None:
    place = Place(ACCOUNT_AWAY, ACCOUNT_AWAY)
    async with place.working() as harness:
        charge_id = await charge_of(harness, may_go_on=True)
        await harness.idle()
        assert await harness.history(charge_id) == ["charge.created", "charge.rerouted", "charge.captured"]
        charge = await harness.state(charge_id)
        assert (charge.psp_account, charge.payment_method) == (EUROPE, CARD)
    assert (place.made, place.edge.asked, place.first.requests) == ([0, 1], [1, 1, 2], [])
    (request,) = place.second.requests
    assert request.payment_method == CardToken(token_of_attempt(charge_id, 2))


async def test_refused_receipt_keeps_the_token() -> None:
    place = Place()
    place.first.refused_address = "ada@example.com"
    async with place.working() as harness:
        fields = routed(planned(STRIPE, TEST_ACCOUNT, CARD))
        charge_id = await harness.charge(**fields, customer_email="ada@example.com")
        await harness.idle()
        assert (await harness.state(charge_id)).status == "succeeded"
    assert [one.payment_method for one in place.first.requests] == [
        CardToken(token_of_attempt(charge_id, 1))
    ] * 2


async def test_worker_without_a_card_edge_tries_again() -> None:
    harness = HarnessInMemory(ScriptedPsp(), SteppedClock())
    charge_id = await charge_of(harness)
    result = await harness.do(authorize_job(charge_id))
    assert isinstance(result, RetryIn)
    assert "set FINCORE_CARD_EDGE_URL" in result.reason


@pytest.mark.parametrize("found", [AWAY, ACCOUNT_AWAY, DELETED])
async def test_breaker_counts_no_answer_of_the_card_edge(
    found: Retryable | CardEdgeAway | CardRefused,
) -> None:
    """A card edge with a stale key of the account must not take the account from charges that need no token."""
    breaker = Watched()
    harness = HarnessInMemory(
        ScriptedPsp(), SteppedClock(), breaker=breaker, card_tokens=ScriptedCardTokens(found)
    )
    await harness.do(authorize_job(await charge_of(harness)))
    assert breaker.told == []


async def test_breaker_counts_the_charge_of_a_kept_card() -> None:
    breaker = Watched()
    harness = HarnessInMemory(
        ScriptedPsp(), SteppedClock(), breaker=breaker, card_tokens=ScriptedCardTokens()
    )
    await harness.do(authorize_job(await charge_of(harness)))
    assert breaker.told == [(TEST_ACCOUNT, "available")]
