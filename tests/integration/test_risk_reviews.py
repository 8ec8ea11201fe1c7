"""Charges under review, on real stores: what merchants see and may ask, and what staff list, decide and are told."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from fincore.backoffice.risk_reviews import ReviewNotDecided, decide
from fincore.backoffice.unknown_outcomes import resolve_charge
from fincore.bootstrap.operator_stores import OperatorStores
from fincore.cli.risk_cases import case_lines, case_row
from fincore.domain.events import ChargeEvent, ReviewOpened
from fincore.domain.ids import ChargeId
from fincore.domain.outcome import ActionRequired, PspReference, Unknown
from fincore.domain.payment_outcomes import decide_payment
from fincore.domain.resolution import Resolution
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.review_queries import list_reviews, measure_reviews
from fixtures.merchant_api import Api, authorized, captured, serving_api
from fixtures.reviews import NOON, OPENED
from fixtures.risk_engines import NamedEngine


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool, risk=NamedEngine("review")) as api:
        yield api


async def under_review(
    api: Api, key: str = "k", *, opened: ReviewOpened = OPENED, **fields: object
) -> ChargeId:
    """A charge that the rules sent to review, and that the PSP holds."""
    charge_id = (await api.charge(key, **fields)).json()["id"]  # type: ignore[arg-type]
    await api.record(charge_id, authorized())
    events: tuple[ChargeEvent, ...] = (opened,)
    await api.append(charge_id, lambda _: events)
    return ChargeId(charge_id)


async def decided(operator: OperatorStores, charge_id: ChargeId, verdict: str) -> list[str]:
    return await decide(operator.resolver, charge_id, verdict, by="ada", reason="Called.")  # type: ignore[arg-type]


@pytest.mark.parametrize("capture", [True, False])
async def test_capture_of_charge_under_review_is_refused(api: Api, capture: bool) -> None:  # noqa: FBT001
    charge_id = await under_review(api, capture=capture)
    refused = await api.post(f"/v1/charges/{charge_id}/capture", "c")
    assert refused.problem() == (409, "charge_under_review", None)
    shown = (await api.get(f"/v1/charges/{charge_id}")).json()
    assert shown["review"] == {"status": "open", "decide_by": "2026-01-05T12:00:00Z"}
    assert (shown["capture"], shown["status"], shown["pending_operation"]) == (capture, "authorized", None)
    assert "named_by_test" not in str(shown)
    assert [(one["type"], one["data"]) for one in shown["timeline"]][-1] == (
        "charge.review_opened",
        {"decide_by": "2026-01-05T12:00:00Z"},
    )
    assert (await api.post(f"/v1/charges/{charge_id}/cancel", "d")).status == 200


async def test_charge_without_review_shows_none(api: Api, pool: Pool) -> None:
    async with serving_api(pool) as without_rules:
        assert (await without_rules.charge("k", key=api.key)).json()["review"] is None


async def test_approved_manual_charge_is_captured_by_its_merchant(api: Api, operator: OperatorStores) -> None:
    charge_id = await under_review(api, capture=False)
    assert await decided(operator, charge_id, "approved") == ["charge.review_decided"]
    reply = await api.post(f"/v1/charges/{charge_id}/capture", "c", {"amount_minor": 700})
    assert (reply.status, reply.json()["review"]["status"]) == (200, "approved")
    assert reply.json()["pending_operation"]["amount_minor"] == 700


async def test_decision_and_its_job_are_one_commit_with_its_actor(
    api: Api, operator: OperatorStores, pool: Pool
) -> None:
    taken, given_up = await under_review(api, "taken"), await under_review(api, "given_up")
    assert await decided(operator, taken, "approved") == ["charge.review_decided", "charge.capture_requested"]
    assert await decided(operator, given_up, "declined") == [
        "charge.review_decided",
        "charge.cancel_requested",
    ]
    jobs = await pool.fetch(
        "select entrypoint, payload from queue.pgqueuer where entrypoint <> 'charge.authorize' order by id"
    )
    assert [(row["entrypoint"], row["payload"].decode()) for row in jobs] == [
        ("charge.capture", f'{{"charge_id":"{taken}"}}'),
        ("charge.cancel", f'{{"charge_id":"{given_up}"}}'),
    ]
    actors = await pool.fetch(
        "select distinct metadata ->> 'actor' as actor, tx::text from eventstore.events"
        " where type in ('charge.review_decided', 'charge.capture_requested', 'charge.cancel_requested')"
    )
    assert [row["actor"] for row in actors] == ["operator:ada"] * 2, "one transaction each"


async def test_second_decision_of_staff_is_refused(api: Api, operator: OperatorStores) -> None:
    charge_id = await under_review(api)
    await decided(operator, charge_id, "approved")
    with pytest.raises(ReviewNotDecided, match=rf"{charge_id}: the charge was approved by ada, "):
        await decided(operator, charge_id, "declined")


async def test_charge_that_is_not_under_review_is_not_decided(pool: Pool, operator: OperatorStores) -> None:
    async with serving_api(pool) as without_rules:
        charge_id = await without_rules.held()
    with pytest.raises(ReviewNotDecided, match="did not send the charge to review"):
        await decided(operator, ChargeId(charge_id), "approved")


async def test_lists_show_how_reviews_stand(api: Api, operator: OperatorStores, dsn: str) -> None:
    soon = ReviewOpened(decide_by=NOON + timedelta(hours=3), opened_at=NOON)
    later, first, done = (
        await under_review(api, "later"),
        await under_review(api, "first", opened=soon),
        await under_review(api, "done"),
    )
    await decided(operator, done, "declined")
    waiting = ChargeId((await api.charge("waiting")).json()["id"])
    taken = ChargeId((await api.charge("taken")).json()["id"])
    await api.append(taken, lambda charge: decide_payment(charge, captured()))
    await api.project(dsn)
    listed = await list_reviews(operator.paymentdb, ("open", "captured_by_psp"), limit=10)
    assert [view.charge_id for view in listed][:2] == [first, later]
    assert {view.charge_id for view in listed} == {first, later, waiting, taken}
    assert case_row(listed[0])[4:] == ("authorized", "named_by_test", "open", "2026-01-02 15:00:00")
    for status, expected in (
        ("open", {first, later, waiting}),
        ("declined", {done}),
        ("captured_by_psp", {taken}),
    ):
        page = (await api.get(f"/v1/charges?review={status}")).json()
        assert {charge["id"] for charge in page["data"]} == expected
        assert {charge["review"]["status"] for charge in page["data"]} == {status}
    assert (await api.get("/v1/charges?review=soon")).problem() == (400, "parameter_invalid", "review")
    await measure_reviews(operator.paymentdb, NOON)
    gauges = ("reviews_open", "reviews_due_soon", "reviewed_charges_captured_by_psp")
    assert [REGISTRY.get_sample_value(f"fincore_{gauge}") for gauge in gauges] == [3, 1, 1]


async def test_case_is_told_with_what_to_do_next(api: Api) -> None:
    charge_id = await under_review(api)
    charge = await api.folded(charge_id)
    assert charge.risk is not None
    *_, standing = case_lines(charge_id, charge, charge.risk)
    assert standing.startswith("review open: 19.99 USD held; decide by 2026-01-05 12:00:00 with ")
    assert f"`fincore risk cases approve {charge_id} --by NAME --reason WHY`" in standing


async def test_hold_found_of_a_declined_charge_is_given_up(
    api: Api, operator: OperatorStores, pool: Pool
) -> None:
    """Declined before the customer acted; whether that was given up is unknown, and a person sees a hold at the PSP."""
    charge_id = ChargeId((await api.charge("k", return_url="https://shop.example/back")).json()["id"])
    asked = ActionRequired(psp_reference=PspReference("pi_1"), redirect_url="https://bank.example/")
    await api.record(charge_id, asked)
    assert await decided(operator, charge_id, "declined") == [
        "charge.review_decided",
        "charge.cancel_requested",
    ]
    await api.record(charge_id, Unknown(reason="no answer", since=NOON))
    seen = Resolution(
        decided_by="ada", reason="The dashboard shows a hold.", psp_reference=PspReference("pi_1")
    )
    assert "charge.authorized" in await resolve_charge(operator.resolver, charge_id, "authorized", seen)
    jobs = await pool.fetch(
        "select entrypoint from queue.pgqueuer where entrypoint = 'charge.review' and execute_after <= now()"
    )
    assert len(jobs) == 1
