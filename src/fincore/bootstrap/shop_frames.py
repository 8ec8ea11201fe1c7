"""The frames that the page of a shop may hold, as this version would serve them: from a publishable key and an origin."""

from typing import Final

from fincore.bootstrap.psp_accounts.secret_reference import SecretResolver
from fincore.bootstrap.psps import browser_accesses
from fincore.bootstrap.settings import Settings
from fincore.checkout.paypal_frame.body import Frame
from fincore.checkout.paypal_frame.handlers import PAYPAL
from fincore.checkout.paypal_frame.requests import INTENTS, FrameRequest
from fincore.domain.currency import Currency
from fincore.domain.errors import UsageError
from fincore.write.merchants.api_key import has_shape_of_key, prefix_of
from fincore.write.merchants.origin import read_origin
from fincore.write.pages.verifications import Scope
from fincore.write.routing.plan import AccountName

_CURRENCY: Final = Currency("usd")
"""The frame is the same for each currency but for this word."""


def frame_scope(*, livemode: bool) -> Scope:
    """What the frames of a mode are compared as."""
    return "frames_live" if livemode else "frames_test"


def frame_scopes(settings: Settings) -> set[Scope]:
    """The scopes of frames that the settings call for: those of each mode with an account at PayPal."""
    return {frame_scope(livemode=one.livemode) for one in settings.psp_accounts if one.psp == PAYPAL}


def livemode_of(key: str) -> bool:
    """The mode of a publishable key. Raises `UsageError` for what is none."""
    for livemode in (False, True):
        if key.startswith(prefix_of("publishable", livemode=livemode)) and has_shape_of_key(key):
            return livemode
    raise UsageError("--key takes a publishable key: pk_live_... or pk_test_...")


def shop_frames(settings: Settings, resolver: SecretResolver, *, key: str, origin: str) -> list[Frame]:
    """The frame of each PayPal account in the mode of the key. Their nonce is empty: each answer has one of its own.

    Raises `UsageError` for what is no publishable key, and `OriginNotUsable`.
    """
    livemode = livemode_of(key)
    page = read_origin(origin, livemode=livemode)
    accesses = browser_accesses(settings, resolver)
    return [
        Frame(
            request=FrameRequest(
                key=key, origin=page, account=one.name, currency=_CURRENCY, intent=INTENTS[0], locale=None
            ),
            access=accesses[AccountName(PAYPAL, one.name)],
            nonce="",
        )
        for one in settings.psp_accounts
        if one.psp == PAYPAL and one.livemode == livemode and AccountName(PAYPAL, one.name) in accesses
    ]
