"""The settlement of accounts: days that are cut, what is withdrawn at their end, and the files that report them."""

import datetime as dt
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from psp_sandbox.ids import new_paypal_id
from psp_sandbox.misdirected import Misdirected
from psp_sandbox.paypal import settlement_faults, settlement_report
from psp_sandbox.paypal.balances import Balance, Balances
from psp_sandbox.paypal.settlement_faults import SettlementFault, Told
from psp_sandbox.paypal.settlement_report import Report
from psp_sandbox.paypal.transaction_rows import FUNDING, WITHDRAWAL, Row
from psp_sandbox.paypal.wire import MERCHANT_ID

MAX_FILES = 2_000
MAX_BYTES = 1 << 30
"""Of all files that are kept; past either bound the oldest are dropped."""
MAX_PARTS = 99
"""Of one report: a file's number has two digits."""
MAX_DISTANCE = dt.timedelta(days=3_660)
"""Of a report's date from today, either way."""


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount of one currency that goes to the merchant's bank."""

    currency: str
    amount_minor: Annotated[int, Meta(ge=1, le=1_000_000_000_000_000)]


class DayOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """POST /sandbox/paypal/settlement_days: of one client id, or of every account, which takes neither amounts, date nor faults.

    `date`: the last day of the report; unless said today in the reports' zone, or the day after the last report's.
    `withdraw`: what goes to the bank at the day's end. `cover`: a negative balance is filled up from the bank.
    """

    client_id: str | None = None
    date: dt.date | None = None
    withdraw: Literal["everything", "nothing"] | list[Withdrawal] = "nothing"
    cover: bool = False
    max_rows: Annotated[int, Meta(ge=1, le=settlement_report.MAX_ROWS)] = settlement_report.MAX_ROWS
    faults: Annotated[list[SettlementFault], Meta(max_length=settlement_faults.MAX_FAULTS)] = []


class SettlementFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a report. `delivered_at`, in unix seconds, is None while it is held back.

    While it is not `finished`, the SFTP server has its first half only.
    """

    id: str
    account: str
    name: str
    content: bytes
    report: Report
    max_rows: int
    number: int
    delivered_at: int | None
    finished: bool
    faults: tuple[Told, ...]


class Settlement:
    """Reports and files of every account, in memory. Amounts are minor units, times unix seconds of the sandbox's clock."""

    def __init__(self, *, balances: Balances, clock: Callable[[], float]) -> None:
        self.faults: Counter[str] = Counter()
        self._balances = balances
        self._clock = clock
        self._files: OrderedDict[str, SettlementFile] = OrderedDict()
        self._bytes = 0
        self._stated: dict[str, dict[str, Balance]] = {}
        self._last_day: dict[str, dt.date] = {}

    def accounts(self) -> list[str]:
        """Every account that has had a movement or a report."""
        return list(dict.fromkeys([*self._balances.accounts(), *self._last_day]))

    def cut(self, account: str, order: DayOrder) -> list[SettlementFile]:
        """Withdraw, and report everything since the last report.

        Raises Misdirected: the date is not after the last report's or years away, the report would be too long, movements were dropped before they
        were reported, or it has nothing for a fault to be about.
        """
        now = int(self._clock())
        today, last_day = settlement_report.day_of(now), self._last_day.get(account)
        after = today if last_day is None else last_day + dt.timedelta(days=1)
        day = order.date or max(today, after)
        if order.date is not None and abs(day - today) > MAX_DISTANCE:
            raise Misdirected(400, f"date is within {MAX_DISTANCE.days} days of today, which is {today}")
        if day < after and last_day is not None:
            raise Misdirected(409, f"the last report ends on {last_day}; the next one ends later")
        if lost := self._balances.lost(account):
            raise Misdirected(
                409,
                f"{lost} movements were dropped before they were reported; start with a higher --max-payments",
            )
        moved = list(self._bank_movements(account, order, now))
        happened = [*self._balances.unsettled(account), *moved]
        rows, told = settlement_faults.with_row_faults(happened, order.faults)
        if ceil(len(rows) / order.max_rows) > MAX_PARTS:
            raise Misdirected(
                400, f"{len(rows)} rows are more than {MAX_PARTS} files of {order.max_rows}; raise max_rows"
            )
        first_day = day if last_day is None else last_day + dt.timedelta(days=1)
        if last_day is None and happened:
            first_day = min(day, settlement_report.day_of(happened[0].updated_at))
        report = Report(
            account_id=MERCHANT_ID,
            first_day=first_day,
            last_day=day,
            made_at=now,
            rows=rows,
            beginning=self._stated.get(account, {}),
        )
        files = self._written(account, report, order.faults, told, order.max_rows)
        for row in moved:
            self._balances.add(account, row)
        self._balances.settle(account)
        self._last_day[account] = day
        self._stated[account] = report.ending()
        for file in files:
            self._keep(file)
        return files

    def replace(self, file_id: str, faults: Sequence[SettlementFault]) -> SettlementFile:
        """Deliver another content under the name of a file: its report made anew, with these faults.

        Raises Misdirected: there is no such file, or it has nothing for a fault to be about.
        """
        before = self.file(file_id)
        rows, told = settlement_faults.with_row_faults(before.report.rows, faults)
        report = msgspec.structs.replace(
            before.report, rows=rows, made_at=max(int(self._clock()), before.report.made_at + 1)
        )
        files = self._written(before.account, report, faults, told, before.max_rows)
        named = [file for file in files if file.name == before.name]
        if not named:
            raise Misdirected(409, f"with these faults the report has no file {before.name}")
        self._discard(file_id)
        self._keep(named[0])
        return named[0]

    def deliver(self, file_id: str) -> SettlementFile:
        """Deliver a file that was held back, or the rest of one that is not finished. Raises Misdirected."""
        file = self.file(file_id)
        if file.delivered_at is not None and file.finished:
            raise Misdirected(409, f"{file.name} was delivered already")
        delivered = msgspec.structs.replace(file, delivered_at=int(self._clock()), finished=True)
        self._files[file_id] = delivered
        return delivered

    def file(self, file_id: str) -> SettlementFile:
        """A file by its id. Raises Misdirected: there is none."""
        found = self._files.get(file_id)
        if found is None:
            raise Misdirected(404, f"no settlement file {file_id}")
        return found

    def files(self) -> Iterator[SettlementFile]:
        """Every file, oldest first."""
        return iter(self._files.values())

    def count(self) -> int:
        """How many files are kept."""
        return len(self._files)

    def delivered(self, account: str) -> dict[str, SettlementFile]:
        """What the account finds on the SFTP server, by name."""
        return {
            file.name: file if file.finished else _first_half(file)
            for file in self._files.values()
            if file.account == account and file.delivered_at is not None
        }

    def clear(self) -> None:
        """Forget every report."""
        self.faults.clear()
        self._files.clear()
        self._bytes = 0
        self._stated.clear()
        self._last_day.clear()

    def _bank_movements(self, account: str, order: DayOrder, now: int) -> Iterator[Row]:
        """What goes to the merchant's bank, and what is taken from it. Raises Misdirected: there is less than that."""
        available = {
            currency: balance.available_minor for currency, balance in self._balances.of(account).items()
        }
        if isinstance(order.withdraw, list):
            asked = Counter[str]()
            for one in order.withdraw:
                asked[one.currency] += one.amount_minor
        else:
            asked = Counter(available if order.withdraw == "everything" else {})
        for currency, minor in asked.items():
            if isinstance(order.withdraw, list) and minor > available.get(currency, 0):
                raise Misdirected(
                    409, f"there are {available.get(currency, 0)} {currency} to withdraw, not {minor}"
                )
            if minor > 0:
                yield bank_movement(WITHDRAWAL, currency, -minor, now)
        for currency, minor in available.items():
            if order.cover and minor < 0:
                yield bank_movement(FUNDING, currency, -minor, now)

    def _written(
        self,
        account: str,
        report: Report,
        faults: Sequence[SettlementFault],
        told: tuple[Told, ...],
        max_rows: int,
    ) -> list[SettlementFile]:
        kinds = frozenset(fault.kind for fault in faults)
        falsified, of_footers = settlement_faults.falsified(report.rows, faults)
        plain = (Told(kind=fault.kind) for fault in faults if fault.kind in settlement_faults.PLAIN)
        shown = report
        if "wrong_account" in kinds:
            shown = msgspec.structs.replace(report, account_id=settlement_faults.OTHER_ACCOUNT_ID)
        texts = settlement_report.report_files(shown, max_rows=max_rows, falsified=falsified)
        all_told = (*told, *of_footers, *plain)
        self.faults.update(one.kind for one in all_told)
        delivered_at = None if "late" in kinds else report.made_at
        return [
            SettlementFile(
                id=f"SF-{new_paypal_id()}",
                account=account,
                name=settlement_report.file_name(report, number),
                content=settlement_faults.encoded(text, kinds),
                report=report,
                max_rows=max_rows,
                number=number,
                delivered_at=delivered_at,
                finished="unfinished" not in kinds,
                faults=all_told,
            )
            for number, text in enumerate(texts, 1)
        ]

    def _keep(self, file: SettlementFile) -> None:
        self._files[file.id] = file
        self._bytes += len(file.content)
        while len(self._files) > MAX_FILES or (self._bytes > MAX_BYTES and len(self._files) > 1):
            self._discard(next(iter(self._files)))

    def _discard(self, file_id: str) -> None:
        self._bytes -= len(self._files.pop(file_id).content)


def _first_half(file: SettlementFile) -> SettlementFile:
    return msgspec.structs.replace(file, content=file.content[: len(file.content) // 2])


def bank_movement(code: str, currency: str, minor: int, now: int, *, of: str | None = None) -> Row:
    """Money to or from the merchant's bank; `of`: the withdrawal that it gives back."""
    return Row(
        id=new_paypal_id(),
        code=code,
        status="S",
        affects_balance=True,
        currency=currency,
        minor=minor,
        at=now,
        updated_at=now,
        reference=None if of is None else (of, "TXN"),
        custom_id=None,
        invoice_id=None,
        bank_reference=f"BANK{new_paypal_id(12)}",
    )
