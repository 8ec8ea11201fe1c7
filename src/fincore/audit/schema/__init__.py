"""The schema of what the auditor found, as migrations; it lives in the event store's database."""
