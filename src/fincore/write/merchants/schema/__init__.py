"""The schema of merchants and their API keys, as migrations; it lives in the event store's database."""
