"""How old the key is with which the built-in issuer signs, for Prometheus. It reads no key."""

from fincore.postgres.named_sql import load_sql
from fincore.postgres.pool import Pool
from fincore.write.staff.metrics import SIGNING_KEY_BEGUN_AT

_SQL = load_sql("fincore.write.staff", "signing_keys.sql")


async def measure_signing_key(pool: Pool) -> None:
    """Tell Prometheus since when the key signs that signs now."""
    begun_at = await pool.fetchval(_SQL.signing_since)
    SIGNING_KEY_BEGUN_AT.set(begun_at.timestamp() if begun_at else 0.0)
