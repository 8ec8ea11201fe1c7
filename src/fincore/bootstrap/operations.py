"""What operators do from the command line, each on connections of its own."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple

from fincore.audit.invariants import check_all, count_events
from fincore.audit.invariants.check_result import summary
from fincore.bootstrap.databases import STORES, Databases, Stores, open_stores
from fincore.bootstrap.schemas import require_migrated
from fincore.domain.currency import Currency
from fincore.domain.errors import FinCoreError
from fincore.domain.fee_plan import FeePlan
from fincore.domain.ids import ApiKeyId, MerchantId
from fincore.eventstore.restored import require_continuing_log
from fincore.postgres.database_clock import measured_clock
from fincore.write.merchants.fee_plans import AgreedPlan, FeePlans
from fincore.write.merchants.merchants import ApiKey, Merchant, Merchants, NewApiKey
from fincore.write.queue.port import HeldJob, JobId


class NoSuchKey(FinCoreError):
    """The merchant has no such key; `fincore key list` shows those there are."""

    def __init__(self, merchant_id: MerchantId, key_id: ApiKeyId) -> None:
        super().__init__(
            f"merchant {merchant_id} has no key {key_id}: `fincore key list {merchant_id}` lists them"
        )


async def create_merchant(databases: Databases, name: str) -> MerchantId:
    """A new merchant's id."""
    async with stores_of(databases, "eventstore") as stores:
        return await Merchants(stores.eventstore, await measured_clock(stores.eventstore)).create_merchant(
            name
        )


async def list_merchants(databases: Databases) -> list[Merchant]:
    """All merchants, oldest first."""
    async with stores_of(databases, "eventstore") as stores:
        return await Merchants(stores.eventstore, await measured_clock(stores.eventstore)).list_merchants()


async def create_key(
    databases: Databases,
    merchant_id: MerchantId,
    *,
    kind: Literal["secret", "publishable"],
    livemode: bool,
    name: str,
) -> NewApiKey:
    """A new key, shown this once; raise `UnknownMerchant`."""
    async with stores_of(databases, "eventstore") as stores:
        merchants = Merchants(stores.eventstore, await measured_clock(stores.eventstore))
        return await merchants.create_key(merchant_id, kind, livemode=livemode, name=name)


async def list_keys(databases: Databases, merchant_id: MerchantId) -> list[ApiKey]:
    """A merchant's keys, oldest first; raise `UnknownMerchant`."""
    async with stores_of(databases, "eventstore") as stores:
        merchants = Merchants(stores.eventstore, await measured_clock(stores.eventstore))
        await merchants.require(merchant_id)
        return await merchants.list_keys(merchant_id)


async def revoke_key(databases: Databases, merchant_id: MerchantId, key_id: ApiKeyId) -> None:
    """Stop a key within seconds; raise `NoSuchKey`."""
    async with stores_of(databases, "eventstore") as stores:
        if not await Merchants(stores.eventstore, await measured_clock(stores.eventstore)).revoke_key(
            merchant_id, key_id
        ):
            raise NoSuchKey(merchant_id, key_id)


async def dead_jobs(databases: Databases, *, limit: int) -> list[HeldJob]:
    """The jobs that were given up, newest first."""
    async with stores_of(databases, "eventstore") as stores:
        return await stores.jobs.held(limit=limit)


async def requeue_jobs(databases: Databases, job_ids: Sequence[JobId]) -> int:
    """Make dead jobs due again; return how many of them were dead."""
    async with stores_of(databases, "eventstore") as stores:
        return await stores.jobs.requeue(job_ids)


async def set_fee_plan(
    databases: Databases, merchant_id: MerchantId, currency: Currency, plan: FeePlan, *, by: str
) -> None:
    """Let a fee plan count from now on; raise `UnknownMerchant` and `FeePlanNotUsable`."""
    async with stores_of(databases, "eventstore") as stores:
        await FeePlans(stores.eventstore, await measured_clock(stores.eventstore)).set(
            merchant_id, currency, plan, by=by
        )


async def list_fee_plans(databases: Databases, merchant_id: MerchantId) -> list[AgreedPlan]:
    """Every plan a merchant has ever had, by currency, the latest last; raise `UnknownMerchant`."""
    async with stores_of(databases, "eventstore") as stores:
        await Merchants(stores.eventstore, await measured_clock(stores.eventstore)).require(merchant_id)
        return await FeePlans(stores.eventstore, await measured_clock(stores.eventstore)).list(merchant_id)


class LawReport(NamedTuple):
    """What checking the laws found: a text for people, how many are broken, and how many could not be checked."""

    text: str
    broken: int
    unchecked: int

    @property
    def exit_code(self) -> Literal[0, 1, 3]:
        """0 where all laws hold, 1 where one is broken, 3 where none is known to be and one could not be checked."""
        if self.broken:
            return 1
        return 3 if self.unchecked else 0


async def check_laws(databases: Databases) -> LawReport:
    """Check every law over the three stores."""
    async with stores_of(databases) as stores:
        verdicts = await check_all(stores)
        events = await count_events(stores)
    text = "\n".join([*(verdict.sentence for verdict in verdicts), summary(verdicts, events)])
    return LawReport(
        text,
        broken=sum(verdict.is_broken for verdict in verdicts),
        unchecked=sum(verdict.unchecked is not None for verdict in verdicts),
    )


@asynccontextmanager
async def stores_of(databases: Databases, *needed: str) -> AsyncIterator[Stores]:
    """The stores for one operator's task. Where some are named as needed, the others may be away; else none may."""
    wanted = needed or STORES
    await require_migrated(databases, wanted)
    async with open_stores(databases, application_name="fincore-cli", needed=wanted, size_max=2) as stores:
        if "eventstore" in wanted:
            await require_continuing_log(stores.eventstore)
        yield stores
