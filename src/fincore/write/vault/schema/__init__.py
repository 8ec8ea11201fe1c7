"""The schema of the vault, as migrations; it lives in the event store's database."""
