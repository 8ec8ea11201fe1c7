"""Every POST of `/staff/v1`, as the document has them: each act is made once for its key, and what only reads changes nothing."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.http.endpoint import Route
from fincore.postgres.pool import Pool
from fixtures.merchant_api import Reply
from fixtures.staff_posts import ACTS, EXPORTS, READS, SHOWN_ONCE, Prepare
from fixtures.staff_routes import staff_routes
from fixtures.staff_scene import StaffScene, staff_scene
from fixtures.staff_server import StaffClient


def posts() -> dict[str, Route]:
    return {one.operation.operation_id: one for one in staff_routes() if one.method == "POST"}


def needs_key(route: Route) -> bool:
    return any(one.name == "Idempotency-Key" and one.is_required for one in route.operation.parameters)


def path_of(route: Route, parts: Mapping[str, object]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(parts[found[1]]), route.path)


class Rows(NamedTuple):
    """For each table how many rows it has and the sum of the transactions that wrote them; and what the trail says became of acts."""

    tables: dict[str, tuple[int, int]]
    outcomes: Counter[str | None]

    def since(self, before: "Rows") -> dict[str, int]:
        """How many rows came into each table that was written to."""
        return {
            table: now[0] - before.tables[table][0]
            for table, now in self.tables.items()
            if now != before.tables[table]
        }


class Looker:
    """Looks at all tables of a database at once."""

    def __init__(self, pool: Pool, tables: list[str]) -> None:
        self._pool = pool
        self._statement = " union all ".join(
            f"select '{one}', count(*), coalesce(sum(xmin::text::bigint), 0)::bigint from only {one}"  # noqa: S608 -- names of the catalog
            for one in tables
        )

    @classmethod
    async def at(cls, pool: Pool) -> "Looker":
        """One that looks at every table of FinCore but the trail."""
        rows = await pool.fetch(
            "select format('%I.%I', n.nspname, c.relname) as name"
            " from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')"
        )
        return cls(pool, sorted(row["name"] for row in rows if row["name"] != "staff.acts"))

    async def look(self) -> Rows:
        """The rows as they are now."""
        rows = await self._pool.fetch(self._statement)
        acts = await self._pool.fetch("select outcome from staff.acts")
        return Rows({row[0]: (row[1], row[2]) for row in rows}, Counter(row["outcome"] for row in acts))


class Asked(NamedTuple):
    """An act that can be sent as often as one likes."""

    client: StaffClient
    path: str
    body: dict[str, Any]
    key: str

    async def send(self, reason: str = "asked by phone") -> Reply:
        return await self.client.act(self.path, self.key, reason, **self.body)


async def asked(scene: StaffScene, route: Route, prepare: Prepare) -> Asked:
    act = await prepare(scene)
    client = scene.bob if act.by_bob else scene.ada
    return Asked(client, path_of(route, act.path), dict(act.body), f"key-{next(scene.numbers)}")


def shown(name: str, reply: Reply) -> Any:
    """An answer but for what is shown once."""
    return {field: value for field, value in reply.json().items() if field != SHOWN_ONCE.get(name)}


class Sent(NamedTuple):
    """What became of an act that was sent at least once: its answers in their order, and what came into the database."""

    replies: list[Reply]
    effect: dict[str, int]
    outcomes: Counter[str | None]


async def sent(act: Asked, looker: Looker, *, times_at_once: int, again: bool) -> Sent:
    before = await looker.look()
    replies = list(await asyncio.gather(*(act.send() for _ in range(times_at_once))))
    if again:
        replies.append(await act.send())
    after = await looker.look()
    return Sent(replies, after.since(before), after.outcomes - before.outcomes)


def flaws_of(name: str, once: Sent, often: Sent) -> list[str]:
    """What is wrong about an act that was sent once, and another one like it often; nothing, where it was made once."""
    flaws = []
    if any(one.status >= 300 for one in (*once.replies, *often.replies)):
        flaws.append(f"answers {[(one.status, one.body) for one in (*once.replies, *often.replies)]}")
    answers = [shown(name, one) for one in often.replies]
    if any(one != answers[0] for one in answers):
        flaws.append(f"answers differ: {answers}")
    if often.replies[-1].headers.get("Idempotent-Replayed") != "true":
        flaws.append("the repetition does not say so")
    if once.effect != often.effect:
        flaws.append(f"once makes {once.effect}, often {often.effect}")
    if often.outcomes - Counter({"replayed": 2}) != once.outcomes or once.outcomes.total() != 1:
        flaws.append(f"the trail has of once {dict(once.outcomes)}, of often {dict(often.outcomes)}")
    return [f"{name}: {flaw}" for flaw in flaws]


def test_each_post_of_the_document_is_asked_below() -> None:
    """A new one has to be added to one of the tables above."""
    found = posts()
    assert {name for name, one in found.items() if needs_key(one)} == set(ACTS) | set(EXPORTS)
    assert {name for name, one in found.items() if not needs_key(one)} == set(READS)


async def test_each_act_is_made_once_for_its_key(
    dsn: str, pool: Pool, owner_pool: Pool, operator: OperatorStores
) -> None:
    """One that is sent twice at the same time, and again, leaves behind what one does that is sent once."""
    flaws: list[str] = []
    found = posts()
    async with staff_scene(dsn, pool, operator) as scene:
        looker = await Looker.at(owner_pool)
        for name, prepare in ACTS.items():
            first = await asked(scene, found[name], prepare)
            keyless = await first.client.post(first.path, {"reason": "asked by phone"} | first.body)
            once = await sent(first, looker, times_at_once=1, again=False)
            act = await asked(scene, found[name], prepare)
            flaws += flaws_of(name, once, await sent(act, looker, times_at_once=2, again=True))
            other = await act.send("another reason")
            for reply, problem in (
                (keyless, (400, "idempotency_key_missing", "Idempotency-Key")),
                (other, (422, "idempotency_key_reused", "Idempotency-Key")),
            ):
                if reply.status < 400 or reply.problem() != problem:
                    flaws.append(f"{name}: {problem[1]} is answered {reply.body!r}")
    assert flaws == []


async def test_post_that_reads_changes_nothing(
    dsn: str, pool: Pool, owner_pool: Pool, operator: OperatorStores
) -> None:
    """An export leaves a row in the trail each time: what leaves the installation is told, however often it does."""
    wrong: list[str] = []
    found = posts()
    async with staff_scene(dsn, pool, operator) as scene:
        await scene.draft()
        await scene.paid()
        await scene.account.book()
        looker = await Looker.at(owner_pool)
        for name, body in {**READS, **EXPORTS}.items():
            path, key = found[name].path, f"key-{name}"
            before = await looker.look()
            if name in EXPORTS:
                keyless = await scene.ada.post(path, {"reason": "asked by phone"} | dict(body))
                if keyless.problem()[:2] != (400, "idempotency_key_missing"):
                    wrong.append(f"{name}: without a key {keyless.body!r}")
                replies = [await scene.ada.act(path, key, **body) for _ in range(2)]
            else:
                replies = [await scene.ada.post(path, body) for _ in range(2)]
            after = await looker.look()
            told = dict(after.outcomes - before.outcomes)
            if after.since(before) or told != ({"done": 2} if name in EXPORTS else {}):
                wrong.append(f"{name}: changed {after.since(before)}, the trail has {told}")
            wrong += [f"{name}: {one.status} {one.body!r}" for one in replies if one.status != 200]
    assert wrong == []
