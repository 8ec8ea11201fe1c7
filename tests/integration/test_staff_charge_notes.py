"""Notes of staff on a charge: added once, never changed, shown to the people who see the charge."""

from collections.abc import AsyncIterator
from typing import NamedTuple

import asyncpg
import pytest

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.ids import ChargeId, MerchantId, charge_of
from fincore.postgres.pool import Pool
from fixtures.card_numbers import PUBLISHED
from fixtures.cases import on_one_installation
from fixtures.commits import created
from fixtures.merchant_api import serving_api
from fixtures.staff_server import StaffServer, serving_staff
from fixtures.traffic import live, running_writer

MINE = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2d")
OTHER = MerchantId("mer_01kab5m5wvfb9v1c2m5hfv0d2e")


class Scene(NamedTuple):
    """The server, and a charge."""

    staff: StaffServer
    charge_id: ChargeId
    path: str


@pytest.fixture
async def scene(pool: Pool, operator: OperatorStores) -> AsyncIterator[Scene]:
    async with running_writer(pool) as writer:
        (stream,) = await live(writer, [(created(merchant_id=MINE),)])
    charge_id = charge_of(stream)
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        yield Scene(staff, charge_id, f"/staff/v1/charges/{charge_id}/notes")


async def test_a_note_is_added_once_and_shown_with_its_author(scene: Scene) -> None:
    support = scene.staff.person("support", subject="sub-bob")
    first = await support.act(scene.path, "note-1", text="<b>will send a photo</b>")
    again = await support.act(scene.path, "note-1", text="<b>will send a photo</b>")
    assert (first.status, again.status, again.body) == (201, 201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    await scene.staff.person("finance", subject="sub-eve").act(scene.path, "note-1", text="refunded by hand")
    notes = (await scene.staff.person("viewer").get(scene.path)).json()["data"]
    assert [(note["text"], note["author_subject"]) for note in notes] == [
        ("<b>will send a photo</b>", "sub-bob"),
        ("refunded by hand", "sub-eve"),
    ]
    trail = (await scene.staff.person("finance").get("/staff/v1/audit_trail?mode=test")).json()["data"]
    assert [(act["action"], act["object_id"], act["outcome"]) for act in trail] == [
        ("note", scene.charge_id, "done")
    ] * 2


async def test_another_note_under_the_same_key_is_refused(scene: Scene) -> None:
    support = scene.staff.person("support")
    await support.act(scene.path, "note-1", text="one")
    reply = await support.act(scene.path, "note-1", text="another")
    assert reply.json()["code"] == "idempotency_key_reused"
    assert len((await support.get(scene.path)).json()["data"]) == 1


@on_one_installation(
    ("text", "code"),
    [
        ("", "field_invalid"),
        (" \n ", "field_invalid"),
        ("x" * 2_001, "field_invalid"),
        (f"paid with {PUBLISHED[0]}", "card_number_not_allowed"),
        ("a\0b", "text_not_storable"),
    ],
)
async def test_a_text_that_cannot_be_a_note_is_refused(scene: Scene, text: str, code: str) -> None:
    support = scene.staff.person("support")
    assert (await support.act(scene.path, "note-1", text=text)).json()["code"] == code
    assert (await support.get(scene.path)).json()["data"] == []


async def test_notes_are_hidden_from_people_of_another_merchant(scene: Scene) -> None:
    other = scene.staff.person("support", merchant_id=OTHER)
    for reply in (await other.get(scene.path), await other.act(scene.path, "note-1", text="mine")):
        assert (reply.status, reply.json()["code"]) == (404, "charge_not_found")
    viewer = await scene.staff.person("viewer").act(scene.path, "note-1", text="mine")
    assert (viewer.status, viewer.json()["code"]) == (403, "permission_missing")


async def test_the_database_refuses_to_change_a_note(scene: Scene, owner_pool: Pool) -> None:
    await scene.staff.person("support").act(scene.path, "note-1", text="one")
    for statement in (
        "update staff.charge_notes set text = 'two'",
        "delete from staff.charge_notes",
        "truncate staff.charge_notes",
    ):
        with pytest.raises(asyncpg.RestrictViolationError, match="never rewritten"):
            await owner_pool.execute(statement)
