"""PostgreSQL at the edge: pools, named SQL, migrations, the embedded server.

It does not know what any table means: packages bring their own schema and their own .sql files.
"""
