"""People of the built-in issuer over the API: two admins add a person and change roles, one admin disables."""

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from fincore.backoffice.staff_people import PreparedPerson
from fincore.domain.staff_actor import StaffActor
from fincore.postgres.pool import Pool
from fincore.write.staff.proposals import NewProposal, Proposals
from fixtures.merchant_api import Api, Reply, serving_api
from fixtures.staff_issuer import CAUSE, PASSWORD, Browser, Issuer, serving_issuer
from fixtures.staff_server import serving_staff


class Admin(NamedTuple):
    """An admin who is logged in."""

    browser: Browser
    token: str

    async def get(self, path: str) -> Reply:
        return await self.browser.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})

    async def act(self, path: str, key: str, **fields: Any) -> Reply:
        async with self.browser._session.request(
            "POST",
            self.browser.url + path,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Idempotency-Key": key,
                "Content-Type": "application/json",
            },
            data=json.dumps({"reason": "a new colleague"} | fields).encode(),
        ) as response:
            return Reply(response.status, response.headers, await response.read())


@pytest.fixture
async def api(pool: Pool) -> AsyncIterator[Api]:
    async with serving_api(pool) as api:
        yield api


@pytest.fixture
async def issuer(api: Api) -> AsyncIterator[Issuer]:
    async with serving_issuer(api) as issuer:
        yield issuer


async def admin(issuer: Issuer, username: str) -> Admin:
    browser, tokens = await issuer.logged_in(username, "admin")
    return Admin(browser, tokens["access_token"])


async def usernames(issuer: Issuer) -> list[str]:
    return [one.username for one in await issuer.people.list()]


async def test_two_admins_add_a_person(issuer: Issuer) -> None:
    ada, bob = await admin(issuer, "ada"), await admin(issuer, "bob")
    person: dict[str, Any] = {"username": "eva", "name": "Eva", "roles": ["support:test"]}
    proposal = (await ada.act("/staff/v1/people", "k", **person)).json()
    assert (proposal["status"], proposal["kind"]) == ("proposed", "staff_member")
    assert "eva" not in await usernames(issuer)
    path = f"/staff/v1/proposals/{proposal['id']}/approve"
    assert (await ada.act(path, "mine")).problem()[:2] == (403, "second_person_needed")
    approved = await bob.act(path, "yes")
    assert approved.json()["status"] == "executed", approved.body
    given = await issuer.people.reset("eva", CAUSE)
    browser = issuer.browser()
    page = await browser.log_in("eva", given.password.reveal())
    redirect = await browser.post_form(page, "/issuer/password", new_password=PASSWORD, repeated=PASSWORD)
    assert (await browser.tokens_for(redirect))["access_token"]


async def test_no_admin_learns_a_password_of_the_person_added(issuer: Issuer, pool: Pool) -> None:
    ada, bob = await admin(issuer, "ada"), await admin(issuer, "bob")
    proposed = await ada.act("/staff/v1/people", "k", username="eva", roles=["admin"])
    approved = await bob.act(f"/staff/v1/proposals/{proposed.json()['id']}/approve", "y")
    assert approved.json()["status"] == "executed"
    assert b"password" not in proposed.body + approved.body
    act = await pool.fetchval("select act::text from staff.proposals where object_id = 'eva'")
    assert "password" not in act
    (eva,) = [one for one in await issuer.people.list() if one.username == "eva"]
    assert eva.one_time_until is not None
    assert eva.one_time_until <= await pool.fetchval("select clock_timestamp()")


async def test_person_proposed_again_with_the_key_is_answered_alike(issuer: Issuer) -> None:
    ada, bob = await admin(issuer, "ada"), await admin(issuer, "bob")
    person: dict[str, Any] = {"username": "eva", "roles": ["viewer"]}
    first = await ada.act("/staff/v1/people", "k", **person)
    await bob.act(f"/staff/v1/proposals/{first.json()['id']}/approve", "y")
    again = await ada.act("/staff/v1/people", "k", **person)
    assert (again.status, again.body) == (202, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"


async def test_roles_change_once_two_admins_agree(issuer: Issuer) -> None:
    ada, bob = await admin(issuer, "ada"), await admin(issuer, "bob")
    browser, tokens = await issuer.logged_in("eva", "support")
    (eva,) = [one for one in (await ada.get("/staff/v1/people")).json()["data"] if one["username"] == "eva"]
    path = f"/staff/v1/people/{eva['subject']}/roles"
    first = (await ada.act(path, "a", roles=["finance"])).json()["id"]
    second = (await ada.act(path, "b", roles=["admin"])).json()["id"]
    assert (await bob.act(f"/staff/v1/proposals/{first}/approve", "y")).json()["status"] == "executed"
    me = (await browser.me(tokens["access_token"])).json()
    assert [one["role"] for one in me["grants"]] == ["finance"]
    late = await bob.act(f"/staff/v1/proposals/{second}/approve", "z")
    assert late.problem()[:2] == (409, "act_not_possible")
    assert "has the roles finance by now" in late.json()["detail"]


async def test_admin_disables_another_and_not_themself(issuer: Issuer, pool: Pool) -> None:
    ada, bob = await admin(issuer, "ada"), await admin(issuer, "bob")
    subjects = {one["username"]: one["subject"] for one in (await ada.get("/staff/v1/people")).json()["data"]}
    own = await ada.act(f"/staff/v1/people/{subjects['ada']}/disable", "k")
    assert own.problem()[:2] == (409, "act_not_possible")
    replies = [await ada.act(f"/staff/v1/people/{subjects['bob']}/disable", "l") for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].body == replies[1].body
    assert (await bob.get("/staff/v1/me")).status == 401
    trail = "select outcome, object_id from staff.acts where action = 'disable_person'"
    assert [tuple(row) for row in await pool.fetch(trail)] == [("done", subjects["bob"])]


@pytest.mark.parametrize(
    "person",
    [
        {"username": "ada", "roles": ["viewer"]},
        {"username": "a b", "roles": ["viewer"]},
        {"username": "eva", "roles": ["owner"]},
        {"username": "eva", "roles": []},
        {"username": "eva", "roles": ["admin:prod"]},
        {"username": "4242424242424242", "roles": ["admin"]},
    ],
)
async def test_person_that_cannot_be_added_is_refused(issuer: Issuer, person: dict[str, Any]) -> None:
    ada = await admin(issuer, "ada")
    assert (await ada.act("/staff/v1/people", "k", **person)).status in (409, 422)


async def test_name_that_was_taken_meanwhile_is_not_added(issuer: Issuer) -> None:
    ada, bob = await admin(issuer, "ada"), await admin(issuer, "bob")
    proposal = (await ada.act("/staff/v1/people", "k", username="eva", roles=["viewer"])).json()
    await issuer.people.add("EVA", "", ("viewer",), CAUSE)
    late = await bob.act(f"/staff/v1/proposals/{proposal['id']}/approve", "y")
    assert late.problem()[:2] == (409, "act_not_possible")


async def test_issuer_of_the_installation_keeps_its_people_itself(api: Api) -> None:
    async with serving_staff(api) as staff:
        reply = await staff.person("admin").get("/staff/v1/people")
        assert reply.problem()[:2] == (409, "act_not_possible")
        bound = staff.person("admin", mode="test")
        assert (await bound.get("/staff/v1/people")).problem()[:2] == (403, "permission_missing")


@pytest.mark.parametrize(("change", "fields"), [("disable", {}), ("roles", {"roles": ["viewer"]})])
async def test_open_proposals_end_with_the_rights_of_their_person(
    issuer: Issuer, change: str, fields: dict[str, Any]
) -> None:
    ada, bob, eva = [await admin(issuer, name) for name in ("ada", "bob", "eva")]
    person = {"username": "new", "roles": ["viewer"]}
    opened = (await eva.act("/staff/v1/people", "k", **person)).json()["id"]
    other = (await ada.act("/staff/v1/people", "k", **person)).json()["id"]
    (subject,) = [one.subject for one in await issuer.people.list() if one.username == "eva"]
    changed = await ada.act(f"/staff/v1/people/{subject}/{change}", "c", **fields)
    if change == "roles":
        await bob.act(f"/staff/v1/proposals/{changed.json()['id']}/approve", "c")
    ended = (await bob.get(f"/staff/v1/proposals/{opened}")).json()
    assert ended["status"] == "refused"
    assert ended["result"].startswith("the person who proposed it")
    late = await bob.act(f"/staff/v1/proposals/{opened}/approve", "y")
    assert late.problem()[:2] == (409, "proposal_not_open")
    assert (await bob.get(f"/staff/v1/proposals/{other}")).json()["status"] == "proposed"


async def test_nothing_of_a_disabled_person_is_approved(issuer: Issuer, pool: Pool) -> None:
    """The proposal was on its way when its person was disabled, and was written after."""
    _, bob = await admin(issuer, "eva"), await admin(issuer, "bob")
    await issuer.people.disable("eva", CAUSE)
    (subject,) = [one.subject for one in await issuer.people.list() if one.username == "eva"]
    new = NewProposal(
        kind="staff_member",
        livemode=None,
        merchant_id=None,
        object_id="new",
        money=None,
        act=PreparedPerson(username="new", name="New", groups=("viewer",)),
        proposer=StaffActor(subject, "eva"),
        reason="a new colleague",
        needed_because="it is about roles",
    )
    async with pool.acquire() as connection, connection.transaction():
        proposal_id = await Proposals.add(connection, new)
    refused = await bob.act(f"/staff/v1/proposals/{proposal_id}/approve", "y")
    assert refused.problem()[:2] == (409, "act_not_possible")
    proposal = await Proposals(pool).read(proposal_id)
    assert proposal is not None
    bobs = StaffActor("sub-bob", "bob")
    assert await Proposals(pool).take_step(proposal, "approve", by=bobs, reason="y") == "not_open"
    declined = await bob.act(f"/staff/v1/proposals/{proposal_id}/decline", "n")
    assert declined.json()["status"] == "declined"


async def test_late_proposal_of_a_role_that_was_lost_is_not_approved(issuer: Issuer, pool: Pool) -> None:
    """The proposal was on its way when its person got other roles, and was written after."""
    _, bob = await admin(issuer, "eva"), await admin(issuer, "bob")
    account = await issuer.people.set_roles("eva", ["viewer"], CAUSE)
    new = NewProposal(
        kind="staff_member",
        livemode=None,
        merchant_id=None,
        object_id="new",
        money=None,
        act=PreparedPerson(username="new", name="New", groups=("viewer",)),
        proposer=StaffActor(account.subject, "eva"),
        reason="a new colleague",
        needed_because="it is about roles",
    )
    async with pool.acquire() as connection, connection.transaction():
        proposal_id = await Proposals.add(connection, new)
    assert (await bob.get(f"/staff/v1/proposals/{proposal_id}")).json()["proposer_may"] == "no"
    refused = await bob.act(f"/staff/v1/proposals/{proposal_id}/approve", "y")
    assert refused.problem()[:2] == (409, "act_not_possible")
    await issuer.people.set_roles("eva", ["admin"], CAUSE)
    listed = (await bob.get("/staff/v1/proposals?mode=live")).json()["data"]
    assert [(one["status"], one["proposer_may"]) for one in listed] == [("refused", "yes")]
