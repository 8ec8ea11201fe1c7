"""What staff see of the installation as a whole, and that no secret of it is among that."""

import asyncpg
import pytest
from msgspec.structs import replace

from fincore.bootstrap.operator_stores import OperatorStores
from fincore.bootstrap.schemas import SCHEMAS
from fincore.bootstrap.settings import SETTINGS
from fincore.bootstrap.shown_settings import shown_settings
from fincore.bootstrap.staff_application import StaffOptions
from fincore.postgres.pool import Pool, create_pool
from fincore.version import VERSION
from fixtures.merchant_api import serving_api
from fixtures.staff_server import serving_staff

PATH = "/staff/v1/installation"
MARK = "s3cr3t-4711"


def environment() -> dict[str, str]:
    """Each secret has a value that says so, and a URL has credentials."""
    secrets = {setting.name: f"{setting.name}-{MARK}" for setting in SETTINGS if setting.is_secret}
    return secrets | {"FINCORE_STRIPE_BASE_URL": f"https://user:{MARK}@stripe.example/v1?x=1"}


async def test_installation_shows_version_processes_and_schemas(
    pool: Pool, dsn: str, operator: OperatorStores
) -> None:
    worker = await asyncpg.connect(dsn, server_settings={"application_name": "fincore-worker"})
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        shown = (await staff.person("viewer").get(PATH)).json()
    await worker.close()
    assert shown["version"] == VERSION
    assert "worker" in {one["process"] for one in shown["processes"]}
    assert [(one["store"], one["package"]) for one in shown["schemas"]] == list(SCHEMAS)
    assert {len(one["pending"]) for one in shown["schemas"]} == {0}
    assert all(one["applied"] and one["latest"] for one in shown["schemas"])


async def test_settings_are_shown_without_their_secrets(pool: Pool, operator: OperatorStores) -> None:
    options = StaffOptions(settings=shown_settings(environment()))
    async with (
        serving_api(pool) as api,
        serving_staff(api, stores=operator, options=options) as staff,
    ):
        reply = await staff.person("viewer").get(PATH)
    assert MARK not in reply.body.decode()
    settings = {one["name"]: one for one in reply.json()["settings"]}
    assert settings.keys() == {setting.name for setting in SETTINGS}
    assert settings["FINCORE_STRIPE_BASE_URL"]["value"] == "https://(hidden)@stripe.example/v1?x=1"
    secret = settings["FINCORE_EVENTSTORE_DSN"]
    assert (secret["value"], secret["is_set"], secret["origin"]) == (None, True, "environment")


async def test_store_that_is_away_hides_no_other_part(pool: Pool, operator: OperatorStores) -> None:
    away = await create_pool("postgresql://nobody@127.0.0.1:1/none", application_name="away", is_lazy=True)
    async with (
        serving_api(pool) as api,
        serving_staff(api, stores=replace(operator, ledgerdb=away)) as staff,
    ):
        shown = (await staff.person("admin").get(PATH)).json()
    away.terminate()
    applied = {one["store"]: one["applied"] for one in shown["schemas"]}
    assert applied["ledgerdb"] is None
    assert applied["eventstore"]
    assert shown["processes"] is not None


@pytest.mark.parametrize("mode", ["live", "test"])
async def test_installation_is_for_people_who_see_all(
    pool: Pool, operator: OperatorStores, mode: str
) -> None:
    async with serving_api(pool) as api, serving_staff(api, stores=operator) as staff:
        reply = await staff.person("admin", mode=mode).get(PATH)  # type: ignore[arg-type]
    assert (reply.status, reply.json()["code"]) == (403, "permission_missing")
