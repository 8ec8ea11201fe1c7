"""The schema of the query side's database, as migrations: charges and what belongs to them, the consumer's checkpoint and what it parked."""
