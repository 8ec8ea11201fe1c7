"""PostgreSQL at the edge: pools, named SQL, migrations, the embedded server.

It refuses to know what any table means: rooms bring their own schema and their own .sql files.
"""
