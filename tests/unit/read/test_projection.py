"""Which rows some events change, without a database."""

from datetime import timedelta

from fincore.domain.events import ChargeActionRequired, ChargeEvent, FeeAssessed
from fincore.domain.outcome import PspReference
from fincore.read.projectionist.fold import view_of_stream
from fincore.read.projectionist.projection import Projection
from fixtures.commits import MERCHANT, NOON, captured, created, new_stream
from fixtures.traffic import aftermaths, disputed, failed, recorded, refunded, refunding


def rows_of(*events: ChargeEvent) -> dict[str, list[tuple[object, ...]]]:
    projection = Projection()
    for event in recorded(new_stream(), *events):
        projection.add(event)
    return projection.rows()


def test_a_charge_alone_changes_no_refunds_and_no_disputes() -> None:
    assert set(rows_of(created(), captured())) == {"charges", "events", "search_terms"}


def test_events_of_one_charge_give_one_charge_row() -> None:
    rows = rows_of(created(), captured())
    assert (len(rows["charges"]), len(rows["events"])) == (1, 2)


def test_a_refund_is_as_of_the_last_event_about_it() -> None:
    refund = refunding()
    later = next(event for life in aftermaths() for event in life if isinstance(event, FeeAssessed))
    rows = rows_of(created(), captured(), refund, refunded(refund), later)
    ((refund_id, _, version, *_),) = rows["refunds"]
    assert (refund_id, version) == (refund.refund_id, 4)
    ((_, _, charge_version, *_),) = rows["charges"]
    assert charge_version == 5


def test_projection_writes_only_refunds_and_disputes_changed() -> None:
    stream, first, second, dispute = new_stream(), refunding(400), refunding(600), disputed()
    events = recorded(stream, created(), captured(), first, dispute, second)
    before = view_of_stream(events[:4])
    assert before is not None
    projection = Projection({stream: before})
    projection.add(events[4])
    rows = projection.rows()
    assert [row[0] for row in rows["refunds"]] == [second.refund_id]
    assert "disputes" not in rows


def test_terms_are_address_metadata_and_psp_references() -> None:
    asked = created(customer_email="Ada@Example.com", metadata={"order": "A-17", "note": ""})
    paid = captured(psp_reference=PspReference("pi_1X"))
    rows = rows_of(asked, paid)["search_terms"]
    ((charge_id, *_),) = rows_of(asked, paid)["charges"]
    assert {(kind, term) for _, kind, term, *_ in rows} == {
        ("email", "ada@example.com"),
        ("metadata", "a-17"),
        ("reference", "pi_1x"),
    }
    assert {(livemode, created_at, merchant) for livemode, _, _, created_at, _, merchant in rows} == {
        (False, NOON, MERCHANT)
    }
    assert charge_id


def test_a_charge_keeps_the_term_of_an_id_it_lost() -> None:
    action = ChargeActionRequired(psp_reference=PspReference("cs_1"))
    rows = rows_of(created(), action, captured(psp_reference=PspReference("pi_2")))["search_terms"]
    assert [(kind, term) for _, kind, term, *_ in rows] == [("reference", "cs_1"), ("reference", "pi_2")]


def test_an_event_without_a_name_adds_no_term() -> None:
    stream = new_stream()
    events = recorded(stream, created(customer_email="ada@example.com"), captured(), refunding())
    before = view_of_stream(events[:2])
    assert before is not None
    projection = Projection({stream: before})
    projection.add(events[2])
    assert "search_terms" not in projection.rows()


def test_projection_ignores_event_the_view_holds() -> None:
    stream = new_stream()
    events = recorded(stream, created(), captured())
    projection = Projection()
    for event in (*events, *events):
        projection.add(event)
    assert len(projection.rows()["events"]) == 2
    view = view_of_stream(events)
    assert view is not None
    again = Projection({stream: view})
    again.add(events[1])
    assert again.rows() == {}


def test_event_row_has_occurred_and_recorded_time() -> None:
    rows = rows_of(created(), captured(occurred_at=NOON + timedelta(hours=1)))
    *_, occurred_at, recorded_at, data, session_id = rows["events"][1]
    assert (occurred_at, recorded_at) == (NOON + timedelta(hours=1), NOON + timedelta(minutes=2))
    assert data == '{"amount_minor":1000,"currency":"usd"}'
    assert session_id is None


def test_the_psps_own_words_are_kept_from_the_merchant() -> None:
    *_, data, _ = rows_of(created(), failed())["events"][1]
    assert data == '{"code":"card_declined","decline_code":"insufficient_funds","advice":"ask_customer"}'
