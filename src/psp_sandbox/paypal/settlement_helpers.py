"""Test helpers of PayPal's balances and settlement, under /sandbox/paypal/: what moves them, and the reports of their days."""

from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.messages import Request, Response
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.paypal import settlement_faults
from psp_sandbox.paypal.api import PayPalApi
from psp_sandbox.paypal.money import TWO_DECIMALS, WHOLE
from psp_sandbox.paypal.oauth import account_of
from psp_sandbox.paypal.settlement import DayOrder, SettlementFile, bank_movement
from psp_sandbox.paypal.settlement_faults import SettlementFault
from psp_sandbox.paypal.snapshot import MAX_ROWS
from psp_sandbox.paypal.transaction_rows import (
    CONVERSION,
    ORDERED_CONVERSION,
    RETURNED_WITHDRAWAL,
    WITHDRAWAL,
    Row,
)

MAX_MINOR = 1_000_000_000_000
Minor = Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR)]
PositiveMinor = Annotated[int, Meta(ge=1, le=MAX_MINOR)]

CODES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "T0000": ("a payment to another account, or from one", 0),
        "T0100": ("a fee of the account", -1),
        "T1108": ("a fee that is given back", 1),
        "T1109": ("a fee that is refunded", 1),
        "T1900": ("a correction", 0),
        "T2101": ("a general hold", -1),
        "T2102": ("what of it is free again", 1),
        "T2103": ("a reserve", -1),
        "T2104": ("what of it is free again", 1),
    }
)
"""Codes of movements that no payment makes: what each is, and whether money comes (1), goes (-1), or either (0)."""


class MovementOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /sandbox/paypal/balances/{client_id}/move: one movement, in minor units with their sign.

    `reference`: the transaction that it is about.
    """

    code: str
    currency: str
    amount_minor: Minor
    fee_minor: Minor = 0
    reference: Annotated[str, Meta(min_length=1, max_length=24, pattern="^[0-9A-Za-z]+$")] | None = None
    custom_id: Annotated[str, Meta(min_length=1, max_length=127)] | None = None
    invoice_id: Annotated[str, Meta(min_length=1, max_length=127)] | None = None


class OrderedConversion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /sandbox/paypal/balances/{client_id}/convert: the merchant changes money of one currency into another."""

    currency: str
    amount_minor: PositiveMinor
    to_currency: str
    to_minor: PositiveMinor


class Conversion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /sandbox/paypal/{captures|refunds}/{id}/convert: what it brought or took, fee included, in another currency."""

    to_currency: str
    to_minor: PositiveMinor


class Replacement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /sandbox/paypal/settlement_files/{id}/replace."""

    faults: Annotated[list[SettlementFault], Meta(max_length=settlement_faults.MAX_FAULTS)] = []


def list_balances(api: PayPalApi, _request: Request, _named: str) -> Response:
    """What every account has."""
    balances = api.store.balances
    rows = [
        {
            "account": account,
            "currency": currency,
            "available_minor": balance.available_minor,
            "held_minor": balance.held_minor,
            "total_minor": balance.total_minor,
        }
        for account in balances.accounts()
        for currency, balance in sorted(balances.of(account).items())
    ]
    return Response(payload={"data": rows[:MAX_ROWS]})


def list_movements(api: PayPalApi, _request: Request, _named: str) -> Response:
    """What moved the balances, oldest first."""
    rows = (
        {
            "id": row.id,
            "account": account,
            "code": row.code,
            "currency": row.currency,
            "amount_minor": row.minor,
            "fee_minor": row.fee_minor,
            "reference": None if row.reference is None else row.reference[0],
            "custom_id": row.custom_id,
            "invoice_id": row.invoice_id,
            "bank_reference": row.bank_reference,
        }
        for account, row in api.store.balances.all()
    )
    return Response(payload={"data": list(islice(rows, MAX_ROWS))})


def move(api: PayPalApi, request: Request, client_id: str) -> Response:
    """A movement that no payment makes."""
    order = msgspec.json.decode(request.body or b"{}", type=MovementOrder)
    _, sign = CODES.get(order.code, ("", None))
    if sign is None:
        raise Misdirected(400, f"code is one of {', '.join(CODES)}")
    if order.amount_minor == 0 or order.amount_minor * sign < 0:
        raise Misdirected(
            400,
            f"amount_minor of {order.code} is {'not 0' if sign == 0 else 'above 0' if sign > 0 else 'below 0'}",
        )
    _check_currency(order.currency)
    reference: tuple[str, Literal["TXN"]] | None = None
    if order.reference is not None:
        reference = (order.reference, "TXN")
    row = msgspec.structs.replace(
        _row(api, order.code, order.currency, order.amount_minor),
        fee_minor=order.fee_minor,
        reference=reference,
        custom_id=order.custom_id,
        invoice_id=order.invoice_id,
    )
    return _booked(api, account_of(client_id), row)


def convert(api: PayPalApi, request: Request, client_id: str) -> Response:
    """A conversion that the merchant asked for: two rows, each of which names the other."""
    order = msgspec.json.decode(request.body or b"{}", type=OrderedConversion)
    _check_currency(order.currency, order.to_currency)
    account = account_of(client_id)
    balance = api.store.balances.of(account).get(order.currency)
    if balance is None or balance.available_minor < order.amount_minor:
        raise Misdirected(409, f"{client_id} has less than {order.amount_minor} {order.currency} available")
    gone = _row(api, ORDERED_CONVERSION, order.currency, -order.amount_minor)
    come = _row(api, ORDERED_CONVERSION, order.to_currency, order.to_minor)
    return _booked(
        api,
        account,
        msgspec.structs.replace(gone, reference=(come.id, "TXN")),
        msgspec.structs.replace(come, reference=(gone.id, "TXN")),
    )


def convert_movement(api: PayPalApi, request: Request, object_id: str) -> Response:
    """The money of a payment or a refund was converted as it came or went: two rows that name it, what goes first."""
    order = msgspec.json.decode(request.body or b"{}", type=Conversion)
    balances = api.store.balances
    account = balances.account_of(object_id)
    about = None if account is None else balances.get(account, object_id)
    if account is None or about is None:
        raise Misdirected(409, f"{object_id} has not moved the balance")
    _check_currency(about.currency, order.to_currency)
    net = about.minor + about.fee_minor
    if any(
        one.code == CONVERSION and one.reference == (object_id, "TXN")
        for one in balances.newest_first(account)
    ):
        raise Misdirected(409, f"{object_id} was converted already")
    if net == 0:
        raise Misdirected(409, f"{object_id} brought nothing that could be converted")
    here = _row(api, CONVERSION, about.currency, -net)
    there = _row(api, CONVERSION, order.to_currency, order.to_minor if net > 0 else -order.to_minor)
    named = (
        msgspec.structs.replace(
            row, reference=(object_id, "TXN"), custom_id=about.custom_id, invoice_id=about.invoice_id
        )
        for row in ((here, there) if net > 0 else (there, here))
    )
    return _booked(api, account, *named)


def return_withdrawal(api: PayPalApi, _request: Request, object_id: str) -> Response:
    """The merchant's bank sends a withdrawal back."""
    balances = api.store.balances
    account = balances.account_of(object_id)
    sent = None if account is None else balances.get(account, object_id)
    if account is None or sent is None or sent.code != WITHDRAWAL:
        raise Misdirected(404, f"no withdrawal {object_id}")
    if any(row.reference == (object_id, "TXN") for row in balances.newest_first(account)):
        raise Misdirected(409, f"{object_id} came back already")
    row = bank_movement(RETURNED_WITHDRAWAL, sent.currency, -sent.minor, api.store.now(), of=object_id)
    return _booked(api, account, row)


def cut_day(api: PayPalApi, request: Request, _named: str) -> Response:
    """The end of a settlement day: of one account, or of every one."""
    order = msgspec.json.decode(request.body or b"{}", type=DayOrder)
    settlement = api.store.settlement
    accounts = settlement.accounts() if order.client_id is None else [account_of(order.client_id)]
    if order.client_id is None and (
        order.faults or order.date is not None or isinstance(order.withdraw, list)
    ):
        raise Misdirected(400, "faults, date and amounts to withdraw are of one account: give its client_id")
    files = [file for account in accounts for file in settlement.cut(account, order)]
    return Response(status=201, payload={"data": [_shown(file) for file in files]})


def list_files(api: PayPalApi, _request: Request, _named: str) -> Response:
    """Every file of a report, oldest first, also those that are held back."""
    return Response(payload={"data": [_shown(file) for file in api.store.settlement.files()]})


def show_content(api: PayPalApi, _request: Request, file_id: str) -> Response:
    """A file as it is on the SFTP server, or will be."""
    return Response(payload=api.store.settlement.file(file_id).content, content_type="text/csv")


def deliver_file(api: PayPalApi, _request: Request, file_id: str) -> Response:
    """A file that was held back, or is not finished, is delivered."""
    return Response(payload=_shown(api.store.settlement.deliver(file_id)))


def replace_file(api: PayPalApi, request: Request, file_id: str) -> Response:
    """Another content under the same name."""
    order = msgspec.json.decode(request.body or b"{}", type=Replacement)
    return Response(payload=_shown(api.store.settlement.replace(file_id, order.faults)))


def show_sftp(api: PayPalApi, _request: Request, _named: str) -> Response:
    """Where the SFTP server is, and its key."""
    if api.sftp is None:
        raise Misdirected(409, "there is no SFTP server; start the sandbox with --paypal-sftp-port")
    return Response(payload=api.sftp)


def _row(api: PayPalApi, code: str, currency: str, minor: int) -> Row:
    now = api.store.now()
    return Row(
        id=new_paypal_id(),
        code=code,
        status="S",
        affects_balance=True,
        currency=currency,
        minor=minor,
        at=now,
        updated_at=now,
        reference=None,
        custom_id=None,
        invoice_id=None,
    )


def _booked(api: PayPalApi, account: str, *rows: Row) -> Response:
    for row in rows:
        api.store.balances.add(account, row)
    return Response(status=201, payload={"data": [{"id": row.id, "code": row.code} for row in rows]})


def _check_currency(*currencies: str) -> None:
    if not set(currencies) <= WHOLE | TWO_DECIMALS or len(set(currencies)) != len(currencies):
        raise Misdirected(400, f"not currencies of PayPal's, or not two: {', '.join(currencies)}")


def _shown(file: SettlementFile) -> dict[str, object]:
    return {
        "id": file.id,
        "account": file.account,
        "name": file.name,
        "first_day": file.report.first_day.isoformat(),
        "last_day": file.report.last_day.isoformat(),
        "bytes": len(file.content),
        "rows": len(file.report.rows),
        "delivered_at": file.delivered_at,
        "finished": file.finished,
        "faults": file.faults,
    }


OPERATIONS: Mapping[tuple[str, str], Callable[[PayPalApi, Request, str], Response]] = MappingProxyType(
    {
        ("GET", "balances"): list_balances,
        ("POST", "balances/convert"): convert,
        ("POST", "balances/move"): move,
        ("POST", "captures/convert"): convert_movement,
        ("POST", "refunds/convert"): convert_movement,
        ("GET", "movements"): list_movements,
        ("POST", "settlement_days"): cut_day,
        ("GET", "settlement_files"): list_files,
        ("GET", "settlement_files/content"): show_content,
        ("POST", "settlement_files/deliver"): deliver_file,
        ("POST", "settlement_files/replace"): replace_file,
        ("GET", "sftp"): show_sftp,
        ("POST", "withdrawals/return"): return_withdrawal,
    }
)
"""Method and path below /sandbox/paypal/, without the id in the middle."""
