"""Figures of what ends or grows old: certificates, the key of the built-in issuer, and webhooks on their way."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from fincore.bootstrap.card_edge_settings import certificate_ends_at
from fincore.bootstrap.databases import Databases, open_stores
from fincore.bootstrap.store_watch import watched_stores
from fincore.domain.clock import SystemClock
from fincore.http.server import TlsFiles
from fincore.postgres.pool import Pool, create_pool
from fincore.postgres.pool import certificate_ends_at as store_certificate_ends_at
from fincore.write.staff.signing_key_age import measure_signing_key
from fixtures.tls_files import server_tls
from fixtures.tls_postgres import tls_postgres
from fixtures.waiting import eventually

KEY = "fincore_staff_signing_key_timestamp_seconds"


def test_end_of_a_certificate_is_read_from_its_file(tmp_path: Path) -> None:
    files = server_tls(tmp_path)
    ends_at = certificate_ends_at(TlsFiles(files.certificate, files.key))
    assert timedelta(hours=23) < ends_at - datetime.now(UTC) <= timedelta(days=1)


async def test_age_of_the_signing_key_is_that_of_the_one_that_signs(pool: Pool) -> None:
    await measure_signing_key(pool)
    assert REGISTRY.get_sample_value(KEY) == 0
    begun_at = datetime(2026, 1, 2, tzinfo=UTC)
    await pool.execute(
        "insert into staff.signing_keys (key_id, public_key, private_key, begun_at, retired_at) values "
        "('old', '{}', $1, $2, $3), ('new', '{}', $1, $3, null)",
        b"x" * 100,
        begun_at - timedelta(days=400),
        begun_at,
    )
    await measure_signing_key(pool)
    assert REGISTRY.get_sample_value(KEY) == begun_at.timestamp()


async def test_store_that_answers_is_usable(databases: Databases) -> None:
    async def is_measured() -> bool:
        labels = {"store": "ledgerdb", "access": "writes"}
        return REGISTRY.get_sample_value("fincore_store_usable", labels) == 1

    async with (
        open_stores(databases, application_name="tests-stores") as stores,
        watched_stores(stores, {"ledgerdb": "writes"}, SystemClock()),
    ):
        await eventually(is_measured)


@pytest.mark.parametrize("sslmode", ["verify-full", "require"])
async def test_end_of_a_store_certificate_is_told_where_it_is_checked(
    dsn: str, tmp_path: Path, sslmode: str
) -> None:
    files = server_tls(tmp_path, days=9)
    async with tls_postgres(dsn, files) as by_tls:
        asked = by_tls if sslmode == "verify-full" else f"{by_tls.partition('?')[0]}?sslmode={sslmode}"
        pool = await create_pool(asked, application_name="tests-tls")
        try:
            ends_at = await store_certificate_ends_at(pool)
        finally:
            pool.terminate()

    ends_in_file = certificate_ends_at(TlsFiles(files.certificate, files.key)).timestamp()
    assert ends_at == (ends_in_file if sslmode == "verify-full" else None)


@pytest.mark.parametrize(("days", "connects_anew"), [(9, True), (90, False)])
async def test_pool_connects_anew_while_a_certificate_is_near_its_end(
    dsn: str, tmp_path: Path, days: int, *, connects_anew: bool
) -> None:
    """An old connection would show the old certificate long after the server has a new one."""
    files = server_tls(tmp_path, days=days)
    ends_at = certificate_ends_at(TlsFiles(files.certificate, files.key)).timestamp()

    async def is_measured() -> bool:
        labels = {"certificate": "ledgerdb"}
        return REGISTRY.get_sample_value("fincore_certificate_ends_timestamp_seconds", labels) == ends_at

    async with (
        tls_postgres(dsn, files) as by_tls,
        open_stores(
            Databases(eventstore=dsn, paymentdb=dsn, ledgerdb=by_tls),
            application_name="tests-stores",
            needed=("ledgerdb",),
        ) as stores,
    ):
        before = await stores.ledgerdb.fetchval("select pg_backend_pid()")
        async with watched_stores(stores, {"ledgerdb": "writes"}, SystemClock()):
            await eventually(is_measured)
        after = await stores.ledgerdb.fetchval("select pg_backend_pid()")
        assert (after != before) is connects_anew


async def test_store_without_tls_has_no_certificate(pool: Pool) -> None:
    assert await store_certificate_ends_at(pool) is None
