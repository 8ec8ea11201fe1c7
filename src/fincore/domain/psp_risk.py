"""How risky a PSP found a payment, in FinCore's words. It is known once the PSP was asked, so no rule of ours can read it before. Pure."""

from typing import Literal

import msgspec

PspRiskLevel = Literal["normal", "elevated", "highest", "not_assessed", "unknown"]
"""`not_assessed`: the PSP does not judge such payments, or did not yet. `unknown`: its judgement failed, or is a level that FinCore
does not know."""


class PspRisk(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PSP's own judgement of a payment.

    `score` is from 0 (no risk) to 100, in the PSP's measure: scores of two PSPs do not compare. `rule` is the PSP's id of the rule of
    its own that decided, where one did.
    """

    level: PspRiskLevel
    score: int | None = None
    rule: str | None = None
