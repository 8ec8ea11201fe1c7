"""The resource `/staff/v1/installation`: version, processes, schemas and settings."""
