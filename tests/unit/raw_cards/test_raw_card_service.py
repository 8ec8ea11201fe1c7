"""What is decided about a charge by card number: who is asked, in which order, and what is written."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final, cast

import pytest
from structlog.testing import capture_logs

from fincore.domain.charge import Charge
from fincore.domain.events import ChargeCreated, ChargeEvent, ChargeFailed, RiskAssessed
from fincore.domain.ids import MerchantId, RequestId, charge_of
from fincore.domain.outcome import (
    Declined,
    Failure,
    PspAccount,
    PspName,
    Retryable,
    Unknown,
)
from fincore.domain.payment_method import CardToken, UntokenisedCard
from fincore.domain.raw_card import RawCard, instrument_of_card
from fincore.domain.risk import RiskAssessment, RiskDecision
from fincore.domain.secret import Secret
from fincore.eventstore.commit import StoredResponse
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.idempotent_requests import Decision, Refused
from fincore.write.raw_cards.number_hmac import NumberHmac
from fincore.write.raw_cards.raw_card_service import RawCardService
from fincore.write.risk.engine import RiskRequest
from fincore.write.routing.account_router import AccountRouter
from fincore.write.routing.rule_file import read_rules
from fincore.write.routing.rules import LiveRules
from fixtures.risk_engines import NamedEngine
from fixtures.routing import paypal, stripe
from fixtures.scripted_psp import NOON, STRIPE, SteppedClock
from fixtures.vault import VISA, secret_of

CARD: Final = RawCard(number=Secret(VISA), expiry_month=12, expiry_year=2034, cvc=Secret("123"), holder=None)
COMMAND: Final = ChargeCommand(
    merchant_id=MerchantId("mer_1"),
    livemode=False,
    actor="key_1",
    request_id=RequestId("req_1"),
    idempotency_key="k",
    fingerprint=b"f",
    request=ChargeRequest(amount_minor=1999, currency="usd", payment_method="unused"),
)
EU, US = PspAccount("eu"), PspAccount("us")
HMAC: Final = NumberHmac(secret_of("numbers"))
DECLINED: Final = Declined(
    failure=Failure(
        code="incorrect_number", message="No such card.", advice="ask_customer", decline_code="bad_number"
    ),
    occurred_at=NOON + timedelta(seconds=1),
)
TOKENS: Final = {EU: CardToken("pm_eu"), US: CardToken("pm_us")}
RULES: Final = read_rules('[[rule]]\nname = "europe"\nwhen = "true"\naccounts = ["stripe/eu", "stripe/us"]\n')
assert isinstance(RULES, tuple)
EU_FIRST: Final = LiveRules(1, RULES)

Answer = CardToken | Declined | Retryable | Unknown


class Edge:
    """The service among parts that note when each is asked."""

    name = STRIPE

    def __init__(
        self,
        answers: Mapping[PspAccount, Answer],
        decision: RiskDecision | None = None,
        *,
        stored: StoredResponse | None = None,
        has_accounts: bool = True,
        has_tokeniser: bool = True,
    ) -> None:
        self.asked: list[str] = []
        self.engine = NamedEngine(decision)
        self._answers = answers
        self._stored = stored
        accounts = (stripe("eu"), stripe("us")) if has_accounts else (paypal("shop", is_default=True),)
        self._service = RawCardService(
            requests=cast("Any", self),
            outcomes=cast("Any", None),
            find_response=self._find,
            clock=SteppedClock(),
            router=AccountRouter(accounts, lambda: EU_FIRST if has_accounts else None),
            risk=self,
            limits={},
            tokenisers={STRIPE if has_tokeniser else PspName("other"): self},
            number_hmac=HMAC,
            render=cast("Any", lambda *shown: shown),
            count_refused=lambda *_: None,
        )

    async def decides(self) -> Decision[Charge, ChargeEvent] | Refused | StoredResponse:
        """What is decided about the charge."""
        return await cast("Any", self._service.charge(COMMAND, CARD, screened=self._screened))  # type: ignore[no-any-return]

    async def respond(
        self, _: object, decide: Callable[[], Awaitable[object]], __: object, *, busy: Refused
    ) -> object:
        """Stands for the requests of idempotency keys, which decide once more after a conflict."""
        assert busy == Refused("charge_busy")
        decided = await decide()
        await decide()
        return decided

    async def _find(self, key: object) -> StoredResponse | None:
        assert key == COMMAND.scoped_key
        self.asked.append("row")
        return self._stored

    def _screened(self, by: str) -> None:
        self.asked.append(by)

    @property
    def is_active(self) -> bool:
        return self.engine.is_active

    async def assess(self, request: RiskRequest) -> RiskAssessment | None:
        self.asked.append("rules")
        return await self.engine.assess(request)

    async def tokenise(
        self, psp_account: PspAccount, card: RawCard, *, idempotency_key: str | None = None
    ) -> Answer:
        assert (card, idempotency_key) == (CARD, None)
        self.asked.append(psp_account)
        return self._answers[psp_account]

    async def close(self) -> None: ...


async def decided(edge: Edge) -> Decision[Charge, ChargeEvent]:
    found = await edge.decides()
    assert isinstance(found, Decision), found
    return found


async def test_key_is_looked_up_before_anything_is_asked() -> None:
    stored = cast("StoredResponse", object())
    edge = Edge(TOKENS, "allow", stored=stored)
    assert await edge.decides() is stored
    assert edge.asked == ["row", "row"]


async def test_charge_is_screened_before_any_psp_sees_the_card() -> None:
    """Each time that the request is decided; the rules are asked, and count it, once."""
    edge = Edge(TOKENS, "allow")
    await edge.decides()
    assert edge.asked == ["row", "rules", "risk_rules_1", EU, US, "row", "risk_rules_1", EU, US]
    (request,) = edge.engine.asked
    assert (request.instrument, request.first_digits, request.number_hmac) == (
        instrument_of_card(CARD),
        VISA[:6],
        HMAC.counted_of(CARD.number),
    )


async def test_charge_that_nothing_screened_says_so() -> None:
    edge = Edge(TOKENS)
    assert [type(one) for one in (await decided(edge)).events] == [ChargeCreated]
    assert edge.asked[:4] == ["row", "no_engine", EU, US]


@pytest.mark.parametrize("decision", ["allow", "challenge", "review"])
async def test_charge_goes_on_with_what_the_rules_decided(decision: RiskDecision) -> None:
    found = await decided(Edge(TOKENS, decision))
    created, assessed = found.events
    assert isinstance(created, ChargeCreated)
    assert isinstance(assessed, RiskAssessed)
    assert assessed.assessment.decision == decision
    assert created.payment_method == TOKENS[EU]
    assert [job.kind for job in found.jobs] == ["charge.authorize"]
    assert (found.state.status, found.state.risk) == ("processing", assessed.assessment)
    assert not found.is_final(found.state)
    assert created.plan is not None
    assert [one.payment_method for one in created.plan.attempts] == list(TOKENS.values())


async def test_blocked_charge_ends_before_any_psp_sees_it() -> None:
    edge = Edge(TOKENS, "block")
    found = await decided(edge)
    assert edge.asked[:3] == ["row", "rules", "risk_rules_1"]
    assert not {EU, US} & set(edge.asked)
    created, _, failed = found.events
    assert isinstance(created, ChargeCreated)
    assert isinstance(failed, ChargeFailed)
    assert created.payment_method == UntokenisedCard()
    assert (failed.code, failed.instrument) == ("blocked_by_risk", instrument_of_card(CARD))
    assert (found.jobs, found.expected_version) == ((), 0)
    assert found.is_final(found.state)


@pytest.mark.parametrize("decision", [None, "review"])
async def test_refused_card_fails_its_charge_in_the_psps_words(decision: RiskDecision | None) -> None:
    with capture_logs() as logs:
        found = await decided(Edge({EU: DECLINED, US: TOKENS[US]}, decision))
    failed = found.events[-1]
    assert isinstance(failed, ChargeFailed)
    assert (failed.code, failed.message, failed.advice, failed.decline_code) == (
        "incorrect_number",
        "No such card.",
        "ask_customer",
        "bad_number",
    )
    assert (failed.occurred_at, failed.instrument) == (DECLINED.occurred_at, instrument_of_card(CARD))
    assert len(found.events) == (2 if decision is None else 3)
    assert (found.jobs, found.state.status, found.state.psp_account) == ((), "failed", EU)
    assert found.is_final(found.state)
    told = {"event": "raw_cards.refused", "log_level": "info", "account": EU, "code": "incorrect_number"}
    assert logs == [told, told]


@pytest.mark.parametrize("silent", [Retryable(reason="away"), Unknown(reason="no answer", since=NOON)])
async def test_account_that_makes_no_token_is_no_candidate(silent: Retryable | Unknown) -> None:
    with capture_logs() as logs:
        found = await decided(Edge({EU: silent, US: TOKENS[US]}))
    told = {
        "event": "raw_cards.not_tokenised",
        "log_level": "warning",
        "account": EU,
        "reason": silent.reason,
    }
    assert logs == [told, told]
    assert (found.state.psp_account, found.state.payment_method) == (US, TOKENS[US])
    assert await Edge({EU: silent, US: silent}).decides() == Refused("card_not_tokenised")
    assert await Edge(TOKENS, has_tokeniser=False).decides() == Refused("card_not_tokenised")


async def test_card_that_no_account_takes_is_neither_screened_nor_sent() -> None:
    edge = Edge(TOKENS, "allow", has_accounts=False)
    refused = await edge.decides()
    assert isinstance(refused, Refused)
    assert refused.code == "payment_method_not_taken"
    assert refused.detail
    assert edge.asked == ["row", "row"]


async def test_response_shows_the_charge_as_it_is_then() -> None:
    found = await decided(Edge(TOKENS))
    shown = cast("Any", found.show(found.state))
    assert shown == (charge_of(found.stream_id), found.state, COMMAND.request_id)
