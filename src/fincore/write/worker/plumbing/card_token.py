"""The token with which a kept card is charged, from the card edge, before the PSP is called for an authorization."""

from fincore.domain.operation import PendingOperation
from fincore.domain.outcome import Declined, Retryable, Unknown
from fincore.domain.payment_method import CardToken, KeptCard
from fincore.observability.failpoints import failpoint
from fincore.write.card_tokens.port import CardEdgeAway, CardRefused
from fincore.write.worker.plumbing.context import JobContext, LoadedCharge


async def card_token(
    context: JobContext, loaded: LoadedCharge, operation: PendingOperation, *, may_have_run: bool
) -> CardToken | Declined | Retryable | Unknown | CardEdgeAway | None:
    """The token; else what becomes of the charge without one. None where nothing needs a token.

    A card that is refused is a decline only as long as no call of the attempt can have reached the PSP (`may_have_run`): a
    worker that died may have charged it with a token that it got before.
    """
    charge = loaded.charge
    if operation.kind != "authorize" or not isinstance(charge.payment_method, KeptCard):
        return None
    failpoint("card_token", "before")
    found = await context.card_tokens.token(loaded.charge_id, charge.attempt_number)
    failpoint("card_token", "after")
    if not isinstance(found, CardRefused):
        return found
    now = context.clock.now()
    if may_have_run:
        reason = f"the card is refused ({found.failure.code}), and an earlier call may have charged it"
        return Unknown(reason=reason, since=now)
    return Declined(failure=found.failure, occurred_at=now)
