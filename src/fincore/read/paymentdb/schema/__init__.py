"""The schema of the query side's database, as migrations: charges, the consumers' checkpoints."""
