"""Makes the token of a kept card for one attempt of a charge: with a record of it, the card is opened and sent to the PSP."""

from collections.abc import Mapping
from typing import Final, NamedTuple, assert_never

import structlog

from fincore.domain.charge import Charge
from fincore.domain.charge_fold import fold
from fincore.domain.events import ChargeEvent
from fincore.domain.ids import CardId, ChargeId, stream_of
from fincore.domain.outcome import Declined, Failure, FailureCode, PspName, Retryable, Unknown
from fincore.domain.payment_method import CardToken, KeptCard
from fincore.domain.raw_card import RawCard
from fincore.eventstore.log import EventLog
from fincore.write.card_tokens.metrics import CARDS_UNREADABLE
from fincore.write.card_tokens.wire import Answer, Made, NotMade, Refused
from fincore.write.merchants.raw_card_decisions import EnabledRawCards
from fincore.write.psp.card_tokeniser import CardTokeniser
from fincore.write.vault.accesses import Accesses
from fincore.write.vault.card_cipher import CardCipher
from fincore.write.vault.kept_rows import KeptRows, facts_flaw
from fincore.write.vault.key_service import KeyServiceUnavailable
from fincore.write.vault.sealed_card import FLAW_TEXTS, KEY_FLAWS, CardUnreadable, Flaw

_log = structlog.get_logger(__name__)

_MESSAGES: Final[Mapping[FailureCode, str]] = {
    "card_deleted": "The kept card was deleted.",
    "card_unreadable": "The kept card cannot be read; `fincore vault verify` says why.",
}


class VaultReading(NamedTuple):
    """What opening a kept card takes."""

    rows: KeptRows
    accesses: Accesses
    cipher: CardCipher


class TokenMaker:
    """Makes tokens for charges that wait for their authorization, and for nothing else: the log says which they are.

    So who knows the secret of the workers can have no card made into a token but for a charge that its merchant asked for.
    Nor is a card of a merchant opened that is not `enabled` to send card numbers any more.
    `tokenisers` are those of the PSPs that make a token of a card without taking money.
    """

    def __init__(
        self,
        log: EventLog[ChargeEvent],
        reading: VaultReading,
        enabled: EnabledRawCards,
        tokenisers: Mapping[PspName, CardTokeniser],
    ) -> None:
        self._log = log
        self._vault = reading
        self._enabled = enabled
        self._tokenisers = tokenisers

    async def make(self, charge_id: ChargeId, attempt: int) -> Answer:
        """The token for an attempt. Asked again, the PSP is called under the same idempotency key and gives the same token."""
        charge = fold(recorded.event for recorded in await self._log.load(stream_of(charge_id)))
        if (
            charge is None
            or not _waits_for(charge, attempt)
            or not isinstance(charge.payment_method, KeptCard)
        ):
            return NotMade("no charge waits for a token of a kept card for this attempt")
        if not await self._enabled.includes(charge.merchant_id, livemode=charge.livemode):
            # It may be a mistake, or an emergency that ends: the charge waits as for a card edge that is away.
            _log.warning("card_tokens.not_enabled", charge_id=charge_id, merchant_id=charge.merchant_id)
            return NotMade("card numbers are not enabled for the merchant in this mode")
        tokeniser = self._tokenisers.get(charge.psp)
        if tokeniser is None:
            reason = f"the card edge has no account at {charge.psp} that makes tokens of cards"
            return NotMade(reason, is_of_account=True, was_called=False)
        card = await self._opened(charge_id, charge, charge.payment_method.card_id)
        if isinstance(card, Refused | NotMade):
            return card
        made = await tokeniser.tokenise(
            charge.psp_account, card, idempotency_key=token_key(charge_id, attempt)
        )
        match made:
            case CardToken(token=token):
                return Made(token)
            case Declined(failure=failure):
                _log.info("card_tokens.refused", charge_id=charge_id, code=failure.code)
                return Refused(failure)
            case Retryable(reason=reason, was_called=was_called):
                return self._not_made(charge_id, charge, reason, was_called=was_called)
            case Unknown(reason=reason):
                return self._not_made(charge_id, charge, reason, was_called=True)
            case _:
                assert_never(made)

    def _not_made(self, charge_id: ChargeId, charge: Charge, reason: str, *, was_called: bool) -> NotMade:
        _log.warning("card_tokens.not_made", charge_id=charge_id, account=charge.psp_account, reason=reason)
        return NotMade(f"no token of the card: {reason}"[:500], is_of_account=True, was_called=was_called)

    async def _opened(
        self, charge_id: ChargeId, charge: Charge, card_id: CardId
    ) -> RawCard | Refused | NotMade:
        """The card, without a security code; that it is opened is on record before."""
        row = await self._vault.rows.find(card_id)
        if row is None:
            return _refused("card_deleted")
        if (row.identity.merchant_id, row.identity.livemode) != (charge.merchant_id, charge.livemode):
            return _unreadable(charge_id, card_id, "sealed_for_another")
        await self._vault.accesses.charged(
            card_id, charge_id, charge.attempt_number, charge.psp, charge.psp_account
        )
        try:
            card = await self._vault.cipher.open(row.sealed, row.identity)
        except KeyServiceUnavailable as error:
            _log.warning(
                "card_tokens.key_service_unavailable", charge_id=charge_id, card_id=card_id, reason=str(error)
            )
            return NotMade(f"the card edge cannot read the card now: {error}"[:500])
        except CardUnreadable as error:
            return _unreadable(charge_id, card_id, error.flaw)
        flaw = facts_flaw(row, card)
        return card if flaw is None else _unreadable(charge_id, card_id, flaw)


def token_key(charge_id: ChargeId, attempt: int) -> str:
    """The idempotency key under which a PSP makes the token: one for each attempt of a charge."""
    return f"{charge_id}:card_token:{attempt}"


def _waits_for(charge: Charge, attempt: int) -> bool:
    return (
        charge.operation is not None
        and charge.operation.kind == "authorize"
        and charge.attempt_number == attempt
        and charge.pending_until is None
    )


def _unreadable(charge_id: ChargeId, card_id: CardId, flaw: Flaw) -> Refused | NotMade:
    """What an unreadable card means. The operator can give a key back, and another card edge may have it: that decides nothing."""
    _log.error("vault.card_unreadable", charge_id=charge_id, card_id=card_id, flaw=flaw)
    CARDS_UNREADABLE.labels(flaw).inc()
    if flaw in KEY_FLAWS:
        return NotMade(f"the card edge cannot read the card ({flaw}): {FLAW_TEXTS[flaw]}")
    return _refused("card_unreadable")


def _refused(code: FailureCode) -> Refused:
    return Refused(Failure(code=code, message=_MESSAGES[code], advice="ask_customer"))
