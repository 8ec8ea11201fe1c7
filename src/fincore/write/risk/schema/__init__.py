"""The schema of risk, as migrations; it lives in the event store's database."""
