"""What a decision makes of an order and its payments: the next snapshots, and what is told and done about them."""

from typing import Literal

import msgspec

from psp_sandbox.paypal.records import Record

EventType = Literal[
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.ORDER.COMPLETED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "CUSTOMER.DISPUTE.UPDATED",
    "PAYMENT.AUTHORIZATION.CREATED",
    "PAYMENT.AUTHORIZATION.VOIDED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.REFUND.FAILED",
    "PAYMENT.REFUND.PENDING",
    "VAULT.PAYMENT-TOKEN.CREATED",
    "VAULT.PAYMENT-TOKEN.DELETED",
]
EffectKind = Literal[
    "paypal.expire_order",
    "paypal.decide_authorization",
    "paypal.expire_authorization",
    "paypal.decide_capture",
    "paypal.decide_refund",
    "paypal.lapse_dispute",
]


class Effect(msgspec.Struct, frozen=True, gc=False):
    """Something that happens to an object at a time, in unix seconds; None for the sandbox's delay of effects."""

    kind: EffectKind
    object_id: str
    at: int | None


class NewEvent(msgspec.Struct, frozen=True, gc=False):
    """Something to tell the merchant about an object."""

    type: EventType
    object_id: str


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """New or next snapshots, an object before those that belong to it. An effect replaces what waited for its object."""

    records: tuple[Record, ...]
    events: tuple[NewEvent, ...] = ()
    effects: tuple[Effect, ...] = ()
