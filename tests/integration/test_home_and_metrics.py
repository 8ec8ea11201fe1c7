"""Staff's home page and Prometheus count the same: each tells of what stands in the stores, by statements of its own."""

from datetime import UTC, datetime, timedelta

from prometheus_client import REGISTRY

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.domain.events import CHARGE_EVENTS, ChargeOutcomeUnknown, ReportHeld
from fincore.domain.log_events import LOG_EVENTS
from fincore.domain.outcome import PspAccount
from fincore.eventstore.log import EventLog
from fincore.eventstore.subscription import Subscription
from fincore.postgres.pool import Pool
from fincore.read.paymentdb.review_queries import measure_reviews
from fincore.read.paymentdb.unknown_queries import measure_unknown
from fincore.read.projectionist.projectionist import Projectionist
from fincore.write.psp.held_reports import measure_held_reports
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.commits import captured, created, new_stream
from fixtures.merchant_api import serving_api
from fixtures.reviews import OPENED, assessed
from fixtures.scripted_psp import STRIPE, ScriptedPsp
from fixtures.staff_server import serving_staff
from fixtures.traffic import authorized, follow, live, running_writer
from fixtures.worker_harness import open_harness

NOW = datetime.now(UTC)
HELD = ReportHeld(
    psp=STRIPE,
    psp_account=PspAccount("test"),
    psp_event_id="evt_1",
    report_type="charge.refunded",
    reason="amount_differs",
    detail="the report is over 12.00 USD",
    held_at=NOW - timedelta(hours=1),
)
UNKNOWN = ChargeOutcomeUnknown(reason="timeout", since=NOW - timedelta(hours=2))


async def test_home_counts_what_the_metrics_of_alerts_count(pool: Pool, operator: OperatorStores) -> None:
    async with running_writer(pool) as writer:
        await live(
            writer,
            [
                *[(created(), UNKNOWN)] * 3,
                *[(created(), assessed(), authorized(), OPENED)] * 2,
                (created(), captured(), HELD),
            ],
        )
    await follow(EventLog(pool, CHARGE_EVENTS), operator.paymentdb, Projectionist())
    async with open_harness(pool, ScriptedPsp()) as harness:
        for number in range(4):
            await harness.put(process_webhook_job(STRIPE, PspAccount("test"), f"evt_{number}"))
        await harness.idle()
        held_jobs = (await harness.queue.depths())["held"]
    for _ in range(5):
        await operator.paymentdb.execute(
            "insert into parked_streams (consumer, stream_id, since_version, reason) "
            "values ('projectionist', $1, 1, 'no reader')",
            new_stream(),
        )
    subscription = Subscription(EventLog(pool, LOG_EVENTS), operator.paymentdb, Projectionist())
    await measure_unknown(operator.paymentdb, NOW)
    await measure_reviews(operator.paymentdb, NOW)
    await measure_held_reports(operator.eventstore)
    measured = {
        "unknown_outcomes": sum_of("fincore_unknown_outcomes"),
        "reviews": sum_of("fincore_reviews_open"),
        "held_reports": sum_of("fincore_reports_held"),
        "dead_letters": held_jobs,
        "parked_streams": await subscription.parked(),
    }
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        home = (await staff.person("admin").get("/staff/v1/home?mode=test")).json()
    shown = {one["kind"]: one["count"] for one in home["needs"] if one["count"]}
    assert shown == measured
    assert shown == {
        "unknown_outcomes": 3,
        "reviews": 2,
        "held_reports": 1,
        "dead_letters": 4,
        "parked_streams": 5,
    }


def sum_of(name: str) -> float:
    """Over the series of a gauge."""
    return sum(
        sample.value for metric in REGISTRY.collect() for sample in metric.samples if sample.name == name
    )
