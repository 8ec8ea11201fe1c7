"""The composition root: settings in, running objects out. The only room that knows everyone.

To know what runs, read `roles.py` from top to bottom; `everything.py` is all of them under one supervisor.
"""

from fincore.bootstrap.databases import SCHEMAS, Databases, databases_of, migrate_databases

__all__ = ["SCHEMAS", "Databases", "databases_of", "migrate_databases"]
