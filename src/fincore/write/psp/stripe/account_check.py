"""Whether a Stripe account can be used: Stripe knows the key, it is of the right mode, and it permits what FinCore does."""

import asyncio
from collections.abc import Sequence
from typing import Final, Literal
from uuid import uuid4

import msgspec

from fincore.domain.outcome import PspReference
from fincore.write.psp.account_check import AccountCheck, Permission
from fincore.write.psp.http import NoResponse, NotSent
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.form import Form
from fincore.write.psp.stripe.lookups import DISPUTES, INTENTS, REFUNDS, SESSIONS, object_path
from fincore.write.psp.stripe.response import Response

BALANCE: Final = "/v1/balance"
FULL_KEY_PREFIXES: Final = ("sk_test_", "sk_live_")
"""Of the keys that may do everything; what a restricted key may do is tried."""
NO_PAYMENT: Final = PspReference("pi_fincore_account_check")
"""The id of no payment: Stripe's ids have no second underscore. A call that names it tells whether the key may make it."""
NO_SESSION: Final = PspReference("cs_fincore_account_check")
"""The id of no Checkout session, likewise."""

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BUSY: Final = (409, 429)
_SERVER_ERROR: Final = 500


class _Balance(msgspec.Struct, frozen=True):
    livemode: bool


class _Anything(msgspec.Struct, frozen=True):
    pass


class _Attempt(msgspec.Struct, frozen=True):
    """A call that needs a permission and changes nothing."""

    permission: Permission
    method: Literal["GET", "POST"]
    path: str
    form: Form


_ATTEMPTS: Final = (
    _Attempt("take payments", "POST", f"{object_path(INTENTS, NO_PAYMENT)}/cancel", {}),
    _Attempt("open payment pages", "POST", f"{object_path(SESSIONS, NO_SESSION)}/expire", {}),
    _Attempt("refund", "POST", REFUNDS, {"payment_intent": NO_PAYMENT}),
    _Attempt("read payments", "GET", INTENTS, {"limit": 1}),
    _Attempt("read refunds", "GET", REFUNDS, {"limit": 1}),
    _Attempt("read disputes", "GET", DISPUTES, {"limit": 1}),
    _Attempt("read fees", "GET", "/v1/balance_transactions", {"limit": 1}),
)
_BALANCE: Final = msgspec.json.Decoder(_Balance)
_ANYTHING: Final = msgspec.json.Decoder(_Anything)

_Answer = Response[_Balance] | Response[_Anything] | NotSent | NoResponse


async def check_stripe_account(client: StripeClient, account: StripeAccount) -> AccountCheck:
    """Ask for the balance, which any full key may see; for another key, try each thing that FinCore does.

    Nothing is changed at Stripe: a write names a payment that cannot exist. A restricted key need not see the balance.
    """
    balance = await client.get(BALANCE, {}, account=account, reads=_BALANCE)
    problem = _problem(balance)
    if problem is not None:
        return AccountCheck(problems=(problem,))
    if isinstance(balance, Response) and balance.body and balance.body.livemode != account.expects_livemode:
        given, wanted = ("live", "test") if balance.body.livemode else ("test", "live")
        return AccountCheck(
            problems=(
                f"the secret key is of {given} mode, and the account of {wanted} mode: set one of that",
            )
        )
    if account.secret_key.reveal().startswith(FULL_KEY_PREFIXES):
        return AccountCheck(may=tuple(attempt.permission for attempt in _ATTEMPTS))
    return _checked(await asyncio.gather(*(_try(client, account, attempt) for attempt in _ATTEMPTS)))


async def _try(client: StripeClient, account: StripeAccount, attempt: _Attempt) -> _Answer:
    if attempt.method == "GET":
        return await client.get(attempt.path, attempt.form, account=account, reads=_ANYTHING)
    return await client.post(
        attempt.path,
        attempt.form,
        account=account,
        idempotency_key=f"fincore_account_check_{uuid4().hex}",
        reads=_ANYTHING,
    )


def _checked(answers: Sequence[_Answer]) -> AccountCheck:
    may: list[Permission] = []
    problems: list[str] = []
    for attempt, answer in zip(_ATTEMPTS, answers, strict=True):
        problem = _problem(answer)
        if problem is not None:
            problems.append(problem)
        elif isinstance(answer, Response) and answer.status == _FORBIDDEN:
            problems.append(
                f"the secret key may not {attempt.permission}: give it the permission in Stripe's dashboard"
            )
        else:
            may.append(attempt.permission)
    return AccountCheck(may=tuple(may), problems=tuple(dict.fromkeys(problems)))


def _problem(answer: _Answer) -> str | None:
    """What is wrong whichever permission was tried; None where the answer says something about that."""
    match answer:
        case NotSent(reason=reason) | NoResponse(reason=reason):
            return f"{reason}: check base_url and the network, then repeat"
        case Response(status=status) if status == _UNAUTHORIZED:
            return "Stripe does not know the secret key: set one that its dashboard shows"
        case Response(status=status) if status in _BUSY or status >= _SERVER_ERROR:
            return f"Stripe answered {status}: repeat later"
        case Response(body=None, error=None):
            return "the answer is not Stripe's: check base_url"
        case _:
            return None
