"""The schema of the relay's checkpoints, as migrations; in the event store's database."""
