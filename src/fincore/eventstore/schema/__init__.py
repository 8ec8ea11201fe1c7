"""The schema of the write side's database, as migrations: events, idempotency keys, the inbox."""
