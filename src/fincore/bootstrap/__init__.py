"""The composition root: settings in, running objects out. The only room that knows everyone.

Each role has a module of its name: api, worker, projectionist, ledger. `everything.py` is all of them together.
"""

from fincore.bootstrap.databases import SCHEMAS, Databases, databases_of, migrate_databases

__all__ = ["SCHEMAS", "Databases", "databases_of", "migrate_databases"]
