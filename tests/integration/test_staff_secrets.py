"""No answer of the server of staff holds a secret of the installation, whichever route is asked."""

import re

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.settings import SETTINGS
from fincore.bootstrap.shown_settings import shown_settings
from fincore.bootstrap.staff_application import StaffOptions
from fincore.domain.outcome import PspAccount
from fincore.postgres.pool import Pool
from fincore.write.queue.job_payloads import process_webhook_job
from fixtures.commits import created
from fixtures.merchant_api import ACCOUNTS, SECRETS_KEY, WEBHOOK_SECRET, serving_api
from fixtures.notify import notifying
from fixtures.scripted_psp import STRIPE, ScriptedPsp
from fixtures.staff_routes import staff_routes
from fixtures.staff_server import serving_staff
from fixtures.worker_harness import open_harness

MARK = "s3cr3t-4711"


async def test_no_read_of_staff_answers_a_secret(pool: Pool, dsn: str, operator: OperatorStores) -> None:
    """Every GET is asked with ids of what is there; secrets are those of keys, endpoints and settings."""
    environment = {setting.name: f"{setting.name}-{MARK}" for setting in SETTINGS if setting.is_secret}
    options = StaffOptions(accounts=ACCOUNTS, settings=shown_settings(environment))
    async with (
        serving_api(pool) as api,
        serving_staff(api, stores=operator, options=options) as staff,
        notifying(dsn, pool) as notify,
        open_harness(pool, ScriptedPsp()) as harness,
    ):
        endpoint = await notify.listen(f"https://shop.example/{MARK}?token={MARK}")
        await notify.happen(created())
        (delivery,) = await notify.deliveries_of(endpoint.endpoint.endpoint_id)
        await harness.put(process_webhook_job(STRIPE, PspAccount("test"), "evt_1"))
        await harness.idle()
        admin = staff.person("admin", "finance", "support")
        merchant_id = await api.merchants.create_merchant("Corner Shop")
        made = await admin.act(f"/staff/v1/merchants/{merchant_id}/keys", "k1", mode="test")
        live = await admin.act(f"/staff/v1/merchants/{merchant_id}/keys", "k2", mode="live")
        letter = (await admin.get("/staff/v1/dead_letters")).json()["data"][0]
        named = {
            "merchant_id": merchant_id,
            "endpoint_id": endpoint.endpoint.endpoint_id,
            "delivery_id": delivery["delivery_id"],
            "letter_id": letter["id"],
            "proposal_id": live.json()["proposal"]["id"],
        }
        secrets = (
            made.json()["secret"],
            live.json()["secret"],
            endpoint.secret.reveal(),
            MARK,
            WEBHOOK_SECRET,
            SECRETS_KEY.hex(),
        )
        answered = 0
        for route in staff_routes():
            if route.method != "GET":
                continue
            path = re.sub(r"\{(\w+)\}", lambda match: named.get(match[1], "x"), route.path)
            for query in ("", "?mode=test", "?mode=live"):
                reply = await admin.get(path + query)
                answered += reply.status == 200
                said = reply.body.decode() + str(reply.headers)
                assert [one for one in secrets if one in said] == [], path
        assert answered > 30
