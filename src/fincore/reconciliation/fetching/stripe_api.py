"""What is asked of Stripe about payouts: the payouts, runs of reports about one, and the files that those make.

Nothing that an answer says is believed of another object: a run must be of the report, the payout and the mode that were asked for.
"""

import hashlib
from collections.abc import AsyncGenerator
from datetime import UTC, date, datetime, time
from typing import Final, TypeVar

import msgspec

from fincore.reconciliation.fetching.remote import SourceFailed
from fincore.reconciliation.formats import stripe_itemized, stripe_summary
from fincore.write.psp.http import DownloadBroken, NoResponse, NotSent
from fincore.write.psp.sanitize import sanitize_code
from fincore.write.psp.stripe.account import STRIPE_BASE_URL, StripeAccount
from fincore.write.psp.stripe.client import StripeClient
from fincore.write.psp.stripe.response import Response
from fincore.write.psp.stripe.wire import ListedPayout, PayoutPage, ReportFile, ReportRun

T = TypeVar("T")

PAGE_PAYOUTS: Final = 100
PAGES_MAX: Final = 100
FILES_URL: Final = "https://files.stripe.com"
"""Where Stripe itself has the contents of files; a simulator has them beside its API."""

_DENIED: Final = (400, 404)
_PAGE: Final = msgspec.json.Decoder(PayoutPage)
_RUN: Final = msgspec.json.Decoder(ReportRun)


class ReportType(msgspec.Struct, frozen=True):
    """A type of report about one payout, and the columns that are asked for."""

    name: str
    columns: tuple[str, ...]


ITEMIZED: Final = ReportType(stripe_itemized.REPORT_TYPE, stripe_itemized.COLUMNS)
SUMMARY: Final = ReportType(stripe_summary.REPORT_TYPE, stripe_summary.COLUMNS)


class ReportDenied(msgspec.Struct, frozen=True):
    """Stripe makes no such report of this payout; others it may."""

    reason: str


class StripeReportApi:
    """Asks about the payouts of one account. Each method raises `SourceFailed` where no answer can be used."""

    def __init__(self, client: StripeClient, account: StripeAccount) -> None:
        self._client = client
        self._account = account

    async def payouts(self, since: date | None) -> list[ListedPayout]:
        """All payouts made since a day, by UTC, the oldest first."""
        earliest = None if since is None else int(datetime.combine(since, time(), UTC).timestamp())
        found: dict[str, ListedPayout] = {}
        last: str | None = None
        for _ in range(PAGES_MAX):
            page = _used(
                await self._client.get(
                    "/v1/payouts",
                    {"limit": PAGE_PAYOUTS, "created": {"gte": earliest}, "starting_after": last},
                    account=self._account,
                    reads=_PAGE,
                ),
                "the list of payouts",
            )
            for payout in page.data:
                self._require_mode(livemode=payout.livemode)
                if payout.id in found:
                    raise SourceFailed(f"Stripe lists the payout {sanitize_code(payout.id)} twice")
                found[payout.id] = payout
                last = payout.id
            if not page.has_more:
                return list(found.values())[::-1]
            if not page.data:
                raise SourceFailed("Stripe lists no payout on a page, and says that more follow")
        raise SourceFailed(
            f"Stripe lists more than {PAGES_MAX * PAGE_PAYOUTS:,} payouts: set `since` of the source to a later day"
        )

    async def ask(self, payout: str, kind: ReportType) -> ReportRun | ReportDenied:
        """Ask for a report, or for the run that was asked for in the last 24 hours, as it was then."""
        answer = await self._client.post(
            "/v1/reporting/report_runs",
            {"report_type": kind.name, "parameters": {"payout": payout, "columns": list(kind.columns)}},
            account=self._account,
            idempotency_key=_key(payout, kind),
            reads=_RUN,
        )
        about = f"the report {kind.name} of {payout}"
        if isinstance(answer, Response) and answer.status in _DENIED and answer.error is not None:
            param = sanitize_code(answer.error.param or "")
            if "columns" in param:
                raise SourceFailed(
                    f"Stripe refuses the columns of {about} ({answer.status}): its reports have changed, update FinCore"
                )
            return ReportDenied(f"Stripe refuses {about} ({answer.status} {param})")
        return self._about(_used(answer, about), payout, kind)

    async def run(self, run_id: str, payout: str, kind: ReportType) -> ReportRun:
        """A run as it is now."""
        answer = await self._client.get(
            f"/v1/reporting/report_runs/{run_id}", {}, account=self._account, reads=_RUN
        )
        return self._about(_used(answer, f"the report run {run_id}"), payout, kind, run_id)

    async def content(self, file: ReportFile) -> AsyncGenerator[bytes, None]:
        """The bytes of a file, as many as come."""
        base = self._account.base_url
        url = f"{FILES_URL if base == STRIPE_BASE_URL else base}/v1/files/{file.id}/contents"
        try:
            async for piece in self._client.download(url, account=self._account):
                yield piece
        except DownloadBroken as error:
            raise SourceFailed(f"{file.id} was not downloaded: {error}") from error

    def _about(self, run: ReportRun, payout: str, kind: ReportType, run_id: str | None = None) -> ReportRun:
        asked = (kind.name, payout, kind.columns, run_id or run.id)
        if (run.report_type, run.parameters.payout, run.parameters.columns, run.id) != asked:
            raise SourceFailed(f"Stripe answered with another run than that of {kind.name} of {payout}")
        self._require_mode(livemode=run.livemode)
        return run

    def _require_mode(self, *, livemode: bool) -> None:
        if livemode != self._account.expects_livemode:
            raise SourceFailed(
                "Stripe answers for the other mode: set the secret key of the mode of the account"
            )


def _key(payout: str, kind: ReportType) -> str:
    """The same for the same request, so that a look continues what the look before it asked for."""
    request = "\0".join((payout, kind.name, *kind.columns))
    return f"fincore_report_{hashlib.sha256(request.encode()).hexdigest()}"


def _used(answer: Response[T] | NotSent | NoResponse, about: str) -> T:
    match answer:
        case NotSent(reason=reason) | NoResponse(reason=reason):
            raise SourceFailed(f"{about}: {reason}; the next look asks again")
        case Response(body=body) if body is not None:
            return body
        case Response(status=401 | 403 as status):
            raise SourceFailed(
                f"Stripe refuses {about} ({status}): give the secret key the permission to read payouts and reports"
            )
        case Response(status=status, error=None) if status < 300:  # noqa: PLR2004 -- the first status that is no success
            raise SourceFailed(
                f"Stripe's answer to the request for {about} is not understood: update FinCore"
            )
        case Response(status=status):
            raise SourceFailed(
                f"Stripe answered {status} to the request for {about}; the next look asks again"
            )
