"""/openapi.json and /docs: the API's description, made of the routes and types that serve it.

It refuses to describe by hand what a type or a table in the code says already.
"""
