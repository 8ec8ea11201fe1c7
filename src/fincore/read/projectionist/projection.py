"""The rows that some events change in the view. Pure: live, rebuilt or in batches of any size, the same rows come out."""

from collections.abc import Iterable, Mapping

from fincore.domain.events import ChargeEvent, DisputeEvent, FeeReturned, FeeTakenAgain, RefundEvent
from fincore.domain.ids import DisputeId, RefundId, StreamId
from fincore.domain.recorded_event import RecordedEvent
from fincore.read.paymentdb import charge_row, dispute_row, event_row, refund_row, search_terms
from fincore.read.paymentdb.charge_view import ChargeView
from fincore.read.projectionist.fold import project

Row = tuple[object, ...]


class Projection:
    """Takes events in, each stream's in order, and gives each row they change once, as it stands after the last of them."""

    def __init__(self, views: Mapping[StreamId, ChargeView] | None = None) -> None:
        self._views = dict(views or {})
        self._changed: set[StreamId] = set()
        self._refunds: dict[RefundId, tuple[StreamId, int]] = {}
        self._disputes: dict[DisputeId, tuple[StreamId, int]] = {}
        self._events: list[Row] = []
        self._terms: dict[Row, None] = {}

    def add(self, recorded: RecordedEvent[ChargeEvent]) -> None:
        """Take one event in; one that its stream's view already holds changes nothing.

        Raises `EventMissing`, and `KeyError` for an event that cannot follow the ones before it.
        """
        stream_id = recorded.stream_id
        before = self._views.get(stream_id)
        after = project(before, recorded)
        if after is before:
            return
        self._events.append(event_row.row_of(after, recorded))
        terms = search_terms.new_terms(recorded.event, before.charge if before else None, after.charge)
        self._terms |= {search_terms.row_of(after, term): None for term in sorted(terms)}
        self._views[stream_id] = after
        self._changed.add(stream_id)
        # Nearly no charge has any: those that have not pay nothing for the question.
        if after.charge.refunds and isinstance(recorded.event, RefundEvent | FeeReturned | FeeTakenAgain):
            if recorded.event.refund_id is not None:
                self._refunds[recorded.event.refund_id] = (stream_id, recorded.version)
        elif after.charge.disputes and isinstance(recorded.event, DisputeEvent):
            self._disputes[recorded.event.dispute_id] = (stream_id, recorded.version)

    def rows(self) -> dict[str, list[Row]]:
        """The rows by table; a table without any is left out.

        Every caller gets them in one order, so that two writers wait for each other and never deadlock.
        """
        tables = {
            "charges": [charge_row.row_of(self._views[stream_id]) for stream_id in sorted(self._changed)],
            "refunds": self._refund_rows() if self._refunds else [],
            "disputes": self._dispute_rows() if self._disputes else [],
            "events": self._events,
            "search_terms": list(self._terms),
        }
        return {table: rows for table, rows in tables.items() if rows}

    def _refund_rows(self) -> list[Row]:
        return [
            refund_row.row_of(view, refund, self._refunds[refund.refund_id][1])
            for view in self._views_of(self._refunds.values())
            for refund in view.charge.refunds
            if refund.refund_id in self._refunds
        ]

    def _dispute_rows(self) -> list[Row]:
        return [
            dispute_row.row_of(view, dispute, self._disputes[dispute.dispute_id][1])
            for view in self._views_of(self._disputes.values())
            for dispute in view.charge.disputes
            if dispute.dispute_id in self._disputes
        ]

    def _views_of(self, changes: Iterable[tuple[StreamId, int]]) -> list[ChargeView]:
        return [self._views[stream_id] for stream_id in sorted({stream_id for stream_id, _ in changes})]
