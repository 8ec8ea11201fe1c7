"""What a report says: the rows of the payouts it is about, as the CSV that Stripe would make."""

import csv
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo
from io import StringIO
from itertools import groupby
from zoneinfo import ZoneInfo

from msgspec import UNSET
from msgspec.structs import replace

from psp_sandbox.stripe.falsification import falsified
from psp_sandbox.stripe.movements import Movement, category
from psp_sandbox.stripe.payout_store import StoredPayout
from psp_sandbox.stripe.report_columns import Row, column_of, major
from psp_sandbox.stripe.report_store import StoredRun
from psp_sandbox.stripe.report_types import REPORT_TYPES
from psp_sandbox.stripe.store import Store
from psp_sandbox.stripe.wire import Charge
from psp_sandbox.stripe.wire_disputes import Dispute
from psp_sandbox.stripe.wire_payouts import File, NoLinks, ReportParameters, ReportRun
from psp_sandbox.stripe.wire_refunds import Refund

KEPT_SECONDS = 365 * 24 * 3_600


class PayoutGone(Exception):
    """The payout of a report is not there any more."""


def finished(store: Store, account: str, stored: StoredRun) -> tuple[ReportRun, bytes]:
    """The run once it is over, succeeded or failed, and the content of its file."""
    run, now = stored.run, store.now()
    try:
        content = _content(store, account, run)
    except PayoutGone as error:
        return replace(run, status="failed", error=str(error)), b""
    file = File(
        id=stored.file_id,
        created=now,
        expires_at=now + KEPT_SECONDS,
        filename=f"{run.id}.csv",
        links=NoLinks(url=f"/v1/file_links?file={stored.file_id}"),
        size=len(content),
        title=f"FinanceReportRun {run.id}",
        url=stored.file_url,
    )
    return replace(run, status="succeeded", succeeded_at=now, result=file), content


def _content(store: Store, account: str, run: ReportRun) -> bytes:
    payouts = _payouts(store, account, run.parameters)
    kind = REPORT_TYPES[run.report_type]
    asked = run.parameters.columns
    columns = kind.default_columns if asked is UNSET else asked
    rows = _summary(store, account, payouts) if kind.is_summary else _items(store, account, run, payouts)
    text = StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _payouts(store: Store, account: str, wanted: ReportParameters) -> list[StoredPayout]:
    """The payouts a report is about, oldest first: the one that it names, or those that arrive in its interval."""
    if wanted.payout is not UNSET:
        stored = store.payouts.get(account, wanted.payout)
        if stored is None:
            raise PayoutGone(f"There is no payout {wanted.payout}.")
        return [stored]
    found = [
        stored
        for stored in store.payouts.newest_first(account)
        if _start(wanted) <= stored.payout.arrival_date < _end(wanted)
        and wanted.currency in (UNSET, stored.payout.currency)
    ]
    return found[::-1]


def _items(
    store: Store, account: str, run: ReportRun, payouts: Iterable[StoredPayout]
) -> Iterable[dict[str, str]]:
    wanted = run.parameters
    kind = REPORT_TYPES[run.report_type]
    names = kind.default_columns if wanted.columns is UNSET else wanted.columns
    columns = {name: column for name in names if (column := column_of(kind.columns, name)) is not None}
    zone = zone_of(wanted)
    for stored in payouts:
        for movement in falsified(_movements(store, account, stored), stored.falsification):
            if wanted.reporting_category in (UNSET, category(movement)):
                row = _row(store, account, stored, movement, zone)
                yield {name: column(row) for name, column in columns.items()}


def _summary(store: Store, account: str, payouts: Iterable[StoredPayout]) -> Iterable[dict[str, str]]:
    movements: list[Movement] = []
    for stored in payouts:
        order = stored.falsification
        agrees = order is not None and order.summary
        movements += falsified(_movements(store, account, stored), order if agrees else None)
    kinds = sorted(movements, key=_kind)
    for (name, currency), group in groupby(kinds, key=_kind):
        of_kind = list(group)
        gross, fee = sum(one.amount for one in of_kind), sum(one.fee for one in of_kind)
        yield {
            "reporting_category": name,
            "currency": currency,
            "count": str(len(of_kind)),
            "gross": major(gross, currency),
            "fee": major(fee, currency),
            "net": major(gross - fee, currency),
        }


def _kind(movement: Movement) -> tuple[str, str]:
    return category(movement), movement.currency


def _movements(store: Store, account: str, stored: StoredPayout) -> Sequence[Movement]:
    """What the payout contains, the payout itself left out, as itemized reports of one payout leave it out."""
    found = (store.movements.get(account, movement_id) for movement_id in stored.movement_ids)
    return [movement for movement in found if movement is not None]


def _row(store: Store, account: str, stored: StoredPayout, movement: Movement, zone: tzinfo) -> Row:
    source = None if movement.source is None else store.find(account, movement.source)
    refund = source if isinstance(source, Refund) else None
    dispute = source if isinstance(source, Dispute) else None
    about = refund or dispute
    charge = source if isinstance(source, Charge) else None
    if about is not None:
        charge = store.charges.get(account, about.charge)
    return Row(
        movement=movement,
        payout=stored.payout,
        zone=zone,
        charge=charge,
        intent=None if charge is None else store.intents.get(account, charge.payment_intent),
        refund=refund,
        dispute=dispute,
    )


def zone_of(wanted: ReportParameters) -> tzinfo:
    """The zone of the times without `_utc`. Raises ZoneInfoNotFoundError or ValueError: there is no such zone."""
    if wanted.timezone is UNSET or wanted.timezone == "Etc/UTC":
        return UTC
    return ZoneInfo(wanted.timezone)


def _start(wanted: ReportParameters) -> int:
    return 0 if wanted.interval_start is UNSET else wanted.interval_start


def _end(wanted: ReportParameters) -> int:
    return 0 if wanted.interval_end is UNSET else wanted.interval_end
