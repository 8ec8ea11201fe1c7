"""The limits of each PSP that FinCore can speak to, configured or not; apart from `psps`, so that a command loads no gateway. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fincore.domain.outcome import PspName
from fincore.write.psp.limits import PspLimits
from fincore.write.psp.paypal.account import PAYPAL
from fincore.write.psp.paypal.limits import PAYPAL_LIMITS
from fincore.write.psp.stripe.account import STRIPE
from fincore.write.psp.stripe.limits import STRIPE_LIMITS

LIMITS: Final[Mapping[PspName, PspLimits]] = MappingProxyType({STRIPE: STRIPE_LIMITS, PAYPAL: PAYPAL_LIMITS})
