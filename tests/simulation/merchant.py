"""A merchant's client: it wants things, each under a key of its own, and asks again under that key until it is answered."""

import itertools
from hashlib import sha256
from typing import Any, Final, Literal

import msgspec

from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ChargeId, RequestId
from fincore.domain.outcome import PspAccount
from fincore.write.payments.acceptance import ChargeCommand
from fincore.write.payments.charge_request import ChargeRequest
from fincore.write.payments.idempotent_requests import Refused, Responded
from fincore.write.payments.operation import OperationCommand
from fincore.write.payments.operation_request import (
    CancelRequest,
    CaptureRequest,
    OperationRequest,
    RefundRequest,
)
from fincore.write.payments.payment_method_request import (
    AnyPaymentMethod,
    CardPaymentMethod,
    PayPalPaymentMethod,
)
from fixtures.commits import MERCHANT

WISH: Final = "wish"
"""The key of metadata under which a charge or refund says which wish it was made for."""

Token = Literal[
    "pm_pays",
    "pm_pays_late_fee",
    "pm_declines",
    "pm_challenges",
    "pm_challenges_late_fee",
    "pm_takes_its_time",
]
PaymentMethod = Token | Literal["wallet"]
"""A card behind a token, which says what the PSP makes of it, or a wallet."""


def offered(method: PaymentMethod, account: PspAccount | None = None) -> AnyPaymentMethod:
    """A payment method as the merchant sends it; `account` is the one that made the token, if not the default."""
    return PayPalPaymentMethod() if method == "wallet" else CardPaymentMethod(token=method, account=account)


class _Identified(msgspec.Struct):
    """An answer, or the problem of a charge that failed at once, which has the charge in it."""

    id: str | None = None
    charge: "_Identified | str | None" = None

    @property
    def made(self) -> str | None:
        return self.charge.made if isinstance(self.charge, _Identified) else self.id


class Wish:
    """One request the merchant intends, however often it has to be sent. `kind` is what it asks for."""

    def __init__(self, command: ChargeCommand | OperationCommand) -> None:
        self.command = command
        self.answers: list[bytes] = []
        self.refusals: list[Refused] = []
        self.is_in_doubt = True
        """Whether a request without an answer may have been carried out."""

    @property
    def key(self) -> str:
        return self.command.idempotency_key

    @property
    def kind(self) -> str:
        return type(self.command.request).__name__.removesuffix("Request").lower()

    @property
    def made(self) -> str | None:
        """The id in the answer: of the charge or of the refund."""
        return msgspec.json.decode(self.answers[0], type=_Identified).made if self.answers else None

    def under(self, fee_plan: FeePlan | None) -> ChargeCommand | OperationCommand:
        """The request as it is sent now: what the platform charges may have changed since it was sent first."""
        if isinstance(self.command, ChargeCommand):
            return msgspec.structs.replace(self.command, fee_plan=fee_plan)
        return self.command

    def hear(self, said: Responded | Refused, *, is_last: bool) -> None:
        """Take an answer in. A refusal leaves the key unused: it settles the wish if no other request is on its way."""
        if isinstance(said, Responded):
            self.answers.append(said.response.body)
            self.is_in_doubt = False
        elif said.code not in ("charge_busy", "idempotency_key_in_use"):
            self.refusals.append(said)
            self.is_in_doubt = self.is_in_doubt and not is_last


class Merchant:
    """All the wishes of one merchant, in the order it had them."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.wishes: list[Wish] = []
        self.fee_plan: FeePlan | None = None
        """What the platform charges it from now on."""

    def charge(self, amount_minor: int, *methods: AnyPaymentMethod, capture: bool, **about: Any) -> Wish:
        """A charge that may be paid with any of some payment methods, the preferred one first; `about` is told of its buyer."""
        key = self._key()
        request = ChargeRequest(
            amount_minor=amount_minor,
            currency="usd",
            payment_methods=methods,
            capture=capture,
            metadata={WISH: key},
            return_url="https://shop.example/back",
            cancel_url="https://shop.example/basket",
            **about,
        )
        return self._wish(ChargeCommand(**self._common(key), request=request))

    def capture(self, charge_id: ChargeId, amount_minor: int | None) -> Wish:
        return self._operation(self._key(), charge_id, CaptureRequest(amount_minor=amount_minor))

    def cancel(self, charge_id: ChargeId) -> Wish:
        return self._operation(self._key(), charge_id, CancelRequest(reason="duplicate"))

    def refund(self, charge_id: ChargeId, amount_minor: int | None) -> Wish:
        key = self._key()
        request = RefundRequest(charge=charge_id, amount_minor=amount_minor, metadata={WISH: key})
        return self._operation(key, charge_id, request)

    def _operation(self, key: str, charge_id: ChargeId, request: OperationRequest) -> Wish:
        return self._wish(OperationCommand(**self._common(key), charge_id=charge_id, request=request))

    def _wish(self, command: ChargeCommand | OperationCommand) -> Wish:
        wish = Wish(command)
        self.wishes.append(wish)
        return wish

    def _key(self) -> str:
        return f"wish-{next(self._numbers)}"

    def _common(self, key: str) -> dict[str, Any]:
        return {
            "merchant_id": MERCHANT,
            "livemode": False,
            "actor": "key_simulation",
            "request_id": RequestId(f"req_{key}"),
            "idempotency_key": key,
            "fingerprint": sha256(key.encode()).digest(),
        }
