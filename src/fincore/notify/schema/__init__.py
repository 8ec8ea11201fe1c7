"""The schema of merchants' webhook endpoints and their deliveries, as migrations; in the event store's database."""
