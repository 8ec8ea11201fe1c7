"""The resource `/staff/v1/settlement_files`: files of PSPs, their sources, and what a person decides about a file."""
