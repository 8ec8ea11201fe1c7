"""What Stripe says that it holds for us: available and pending together (docs.stripe.com/api/balance/balance_object)."""

from typing import Final, Literal

import msgspec

from fincore.domain.currency import Currency
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.stated_balance import StatedBalance
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.amounts import Inexpressible, from_stripe
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import Movement

PATH: Final = "/v1/balance"
_REFUSED: Final = (401, 403)


class _Amount(msgspec.Struct, frozen=True):
    amount: Movement
    currency: str


class _Balance(msgspec.Struct, frozen=True):
    object: Literal["balance"]
    available: tuple[_Amount, ...]
    pending: tuple[_Amount, ...]
    livemode: bool


_BALANCE: Final = msgspec.json.Decoder(_Balance)


async def stripe_balance(client: StripeClient, account: StripeAccount) -> StatedBalance:
    """Ask for the balance of an account. Nothing is raised for the network or for Stripe."""
    match await client.get(PATH, {}, account=account, reads=_BALANCE):
        case NotSent(reason=reason) | NoResponse(reason=reason):
            return StatedBalance(problem=f"{reason}: repeat later")
        case Response(body=body) if body is not None:
            return _read(body, account)
        case Response(status=status) if status in _REFUSED:
            return StatedBalance(
                problem=f"Stripe refuses its balance ({status}): give the secret key the permission to read it"
            )
        case Response(status=status):
            return StatedBalance(
                problem=f"Stripe answered {status} to the request for its balance: repeat later"
            )


def _read(balance: _Balance, account: StripeAccount) -> StatedBalance:
    if balance.livemode != account.expects_livemode:
        return StatedBalance(
            problem="Stripe answers for the other mode: set the secret key of the mode of the account"
        )
    amounts: dict[Currency, int] = {}
    for one in (*balance.available, *balance.pending):
        money = from_stripe(one.amount, one.currency)
        if isinstance(money, Inexpressible):
            return StatedBalance(problem=f"{money.reason}: update FinCore")
        amounts[money.currency] = amounts.get(money.currency, 0) + money.amount_minor
    return StatedBalance(amounts=amounts)
