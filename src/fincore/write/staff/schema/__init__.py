"""The schema of staff, as migrations; it lives in the event store's database."""
