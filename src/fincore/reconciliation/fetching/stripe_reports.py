"""A source that is Stripe's report API: the itemized report of each payout, proved by the summary of the same payout.

At each look every payout is recorded as Stripe shows it, so that one of which the webhooks were lost is known too.
"""

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, date, datetime
from io import BytesIO
from typing import BinaryIO, Final

import msgspec

from fincore.domain.clock import Clock
from fincore.domain.errors import Overloaded
from fincore.domain.outcome import Unreadable
from fincore.domain.payout import PayoutAccount
from fincore.domain.refusal import Refusal
from fincore.eventstore.commit import Provenance
from fincore.eventstore.recorder import Contended
from fincore.reconciliation.evidence.port import EvidenceStore
from fincore.reconciliation.fetching.remote import (
    Listing,
    OpenRemote,
    Proof,
    RemoteFile,
    RemoteFolder,
    SourceFailed,
    listing_of,
)
from fincore.reconciliation.fetching.stripe_api import (
    ITEMIZED,
    SUMMARY,
    ReportDenied,
    ReportType,
    StripeReportApi,
)
from fincore.reconciliation.formats.formats import FORMATS
from fincore.reconciliation.parsed_file import Expected, FileRefused, ParsedFile
from fincore.reconciliation.totals import differences
from fincore.write.psp.sanitize import sanitize_code
from fincore.write.psp.stripe.account import StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.payouts import destination_of, read_payout
from fincore.write.psp.stripe.wire import ListedPayout, ReportFile, ReportRun
from fincore.write.settlement.payouts import PayoutRecorder
from fincore.write.settlement.settled_account import SettledAccount, bank_account_of

ACTOR: Final = "reconciliation"
PAYOUTS_MAX: Final = 200
"""Payouts of which one look asks for reports, the oldest first; the next look goes on."""
WAIT_SECONDS_MAX: Final = 600.0
"""How long one look waits for reports; the next look takes those that come later."""
POLL_SECONDS: Final = 10.0
SUMMARY_BYTES_MAX: Final = 1024 * 1024
DIFFERENCES_TOLD_MAX: Final = 3

_REFERENCE: Final = re.compile(r"po_[A-Za-z0-9]{1,97}")
_REPORTABLE: Final = {"completed": True, "in_progress": False, "not_applicable": False}
"""Stripe's `reconciliation_status` -> whether a report about the payout is complete by now. Manual payouts have none."""

Fetched = Callable[[Collection[str]], Awaitable[frozenset[str]]]
"""Of some names those that were fetched with a file that was not refused."""
Pause = Callable[[float], Awaitable[None]]


class StripeReportSource(msgspec.Struct, frozen=True, kw_only=True):
    """The account, what its payouts and their evidence are kept with, and the day from which payouts count."""

    account: StripeAccount
    of: PayoutAccount
    settled: SettledAccount
    since: date | None
    payouts: PayoutRecorder
    evidence: EvidenceStore
    fetched: Fetched
    clock: Clock


class _Reports(msgspec.Struct, frozen=True):
    """The two reports about a payout that are there."""

    payout: str
    itemized: ReportRun
    itemized_file: ReportFile
    summary: ReportRun
    summary_file: ReportFile


class StripeReports:
    """A `RemoteFolder` of which each file is the itemized report of one payout."""

    def __init__(
        self, source: StripeReportSource, api: StripeReportApi, *, pause: Pause = asyncio.sleep
    ) -> None:
        self._source = source
        self._api = api
        self._pause = pause
        self._reports: dict[str, _Reports] = {}
        self._left_out: list[str] = []

    @property
    def host_key(self) -> None:
        """Stripe is recognised by its TLS certificate."""
        return

    async def list(self) -> Listing:
        """See the port. Records every payout, asks for the reports that are missing, and waits for them within a bound."""
        self._reports, self._left_out = {}, []
        due: dict[str, str] = {}
        for payout in await self._api.payouts(self._source.since):
            if not _REFERENCE.fullmatch(payout.id):
                self._left_out.append(f"{sanitize_code(payout.id)!r} is no id of a payout")
                continue
            await self._record(payout)
            reportable = _REPORTABLE.get(payout.reconciliation_status)
            if reportable is None:
                self._left_out.append(f"{payout.id} has a reconciliation_status that FinCore does not know")
            elif reportable:
                due[f"itemized-{payout.id}.csv"] = payout.id
        fetched = await self._source.fetched(due)
        wanted = [payout for name, payout in due.items() if name not in fetched][:PAYOUTS_MAX]
        for reports in await self._finished(wanted):
            self._reports[f"itemized-{reports.payout}.csv"] = reports
        return listing_of(map(_version, self._reports.values()), (), self._left_out)

    async def version_of(self, name: str) -> RemoteFile | None:
        """See the port. The file of a run never changes."""
        reports = self._reports.get(name)
        return None if reports is None else _version(reports)

    async def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """See the port. Stripe sends files from their beginning; what is there already is passed over."""
        skipped = 0
        async with aclosing(self._api.content(self._reports[file.name].itemized_file)) as pieces:
            async for piece in pieces:
                cut = min(offset - skipped, len(piece))
                skipped += cut
                if cut < len(piece):
                    yield piece[cut:]

    async def proof_of(self, file: RemoteFile, content: BinaryIO) -> Proof:
        """See the port. The summary of the same payout becomes evidence, and the rows must add up to it."""
        reports = self._reports[file.name]
        summary = await self._summary(reports)
        of = self._source.of
        kept = await self._source.evidence.keep(
            of.psp, of.psp_account, f"summary-{reports.payout}.csv", BytesIO(summary)
        )
        request = {
            "report_run": reports.itemized.id,
            "report_type": reports.itemized.report_type,
            "parameters": reports.itemized.parameters,
            "summary": {
                "report_run": reports.summary.id,
                "report_type": reports.summary.report_type,
                "sha256": kept.sha256,
                "location": kept.location,
            },
        }
        refusal = await asyncio.to_thread(refusal_of, reports.payout, content, BytesIO(summary))
        return Proof(request=msgspec.json.encode(request).decode(), refusal=refusal)

    async def _record(self, payout: ListedPayout) -> None:
        """Record what Stripe says of a payout; what the log does not take is left out and told."""
        source = self._source
        report = read_payout(payout, occurred_at=_reached_at(payout, source.clock.now()))
        if isinstance(report, Unreadable):
            self._left_out.append(f"{payout.id} is not recorded: {report.reason}")
            return
        bank = bank_account_of(source.settled, source.of.psp, source.of.psp_account, destination_of(payout))
        try:
            result = await source.payouts.record(
                source.of,
                report,
                Provenance(correlation=source.of.payout_id(report.psp_reference), actor=ACTOR),
                bank_account=bank,
            )
        except Overloaded as error:
            raise SourceFailed(f"{payout.id} is not recorded: {error}; the next look repeats it") from error
        match result:
            case Refusal(detail=detail):
                self._left_out.append(f"{payout.id} is not recorded: {detail}")
            case Contended():
                self._left_out.append(
                    f"{payout.id} is not recorded: others write to it; the next look repeats it"
                )
            case _:
                pass

    async def _finished(self, payouts: Sequence[str]) -> tuple[_Reports, ...]:
        """Both reports of those payouts of which both are there in time."""
        asked: dict[tuple[str, ReportType], ReportRun] = {}
        for payout in payouts:
            for kind in (ITEMIZED, SUMMARY):
                run = await self._api.ask(payout, kind)
                if isinstance(run, ReportDenied):
                    self._left_out.append(run.reason)
                    break
                asked[payout, kind] = run
        ended: dict[tuple[str, ReportType], ReportRun] = {}
        waited_seconds = 0.0
        while True:
            for of, run in asked.items():
                if of not in ended:
                    now = await self._api.run(run.id, *of)
                    if now.status != "pending":
                        ended[of] = now
            if len(ended) == len(asked) or waited_seconds >= WAIT_SECONDS_MAX:
                break
            await self._pause(POLL_SECONDS)
            waited_seconds += POLL_SECONDS
        both = (
            self._both(payout, ended.get((payout, ITEMIZED)), ended.get((payout, SUMMARY)))
            for payout in payouts
        )
        return tuple(filter(None, both))

    def _both(self, payout: str, itemized: ReportRun | None, summary: ReportRun | None) -> _Reports | None:
        for run in (itemized, summary):
            if run is not None and (run.status != "succeeded" or run.result is None):
                self._left_out.append(
                    f"Stripe made no report {run.report_type} of {payout} ({run.id}, {sanitize_code(run.status)}); "
                    "it is asked for again 24 hours after the first time"
                )
        if itemized is None or summary is None or itemized.result is None or summary.result is None:
            return None
        if itemized.status != "succeeded" or summary.status != "succeeded":
            return None
        return _Reports(payout, itemized, itemized.result, summary, summary.result)

    async def _summary(self, reports: _Reports) -> bytes:
        content = bytearray()
        async with aclosing(self._api.content(reports.summary_file)) as pieces:
            async for piece in pieces:
                content += piece
                if len(content) > SUMMARY_BYTES_MAX:
                    raise SourceFailed(
                        f"the summary of {reports.payout} is larger than {SUMMARY_BYTES_MAX:,} bytes"
                    )
        if len(content) != reports.summary_file.size:
            raise SourceFailed(
                f"Stripe sent {len(content):,} of the {reports.summary_file.size:,} bytes of the summary of {reports.payout}"
            )
        return bytes(content)


def stripe_reports(source: StripeReportSource) -> OpenRemote:
    """How the reports of an account are reached; the connections are closed after each look."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[RemoteFolder]:
        client = StripeClient()
        try:
            yield StripeReports(source, StripeReportApi(client, source.account))
        finally:
            await client.close()

    return opened


def refusal_of(payout: str, itemized: BinaryIO, summary: BinaryIO) -> FileRefused | None:
    """Why the itemized report of a payout is not to be booked beside its summary; None where the two agree."""
    expected = Expected(payout_reference=payout)
    try:
        stated = _read_through(FORMATS["stripe_payout_summary"].parse(summary, expected)).stated
    except FileRefused as error:
        return FileRefused(None, f"the summary of the payout cannot be read: {error}")
    try:
        computed = _read_through(FORMATS["stripe_payout_itemized"].parse(itemized, expected)).computed
    except FileRefused as error:
        return error
    if not computed:
        return FileRefused(None, "the report has no row, and a payout is never of nothing")
    found = differences(stated, computed)
    found += [
        f"the summary has no {currency.upper()}" for currency in sorted(computed.keys() - stated.keys())
    ]
    if not found:
        return None
    return FileRefused(
        None, f"the rows are not those of the payout's summary: {'; '.join(found[:DIFFERENCES_TOLD_MAX])}"
    )


def _read_through(file: ParsedFile) -> ParsedFile:
    deque(file.lines, maxlen=0)
    return file


def _version(reports: _Reports) -> RemoteFile:
    file = reports.itemized_file
    return RemoteFile(
        f"itemized-{reports.payout}.csv",
        file.size,
        datetime.fromtimestamp(file.created, UTC),
        reports.payout,
    )


def _reached_at(payout: ListedPayout, now: datetime) -> datetime:
    """When a payout got its status, as near as Stripe tells it.

    On its way: when it was made. Paid: on the day of its arrival. Else by now.
    """
    created = datetime.fromtimestamp(payout.created, UTC)
    if payout.status in ("pending", "in_transit"):
        return created
    if payout.status == "paid" and payout.arrival_date is not None:
        return max(created, min(now, datetime.fromtimestamp(payout.arrival_date, UTC)))
    return max(created, now)
