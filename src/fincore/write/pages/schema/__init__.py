"""The schema of routing, as migrations; it lives in the event store's database."""
