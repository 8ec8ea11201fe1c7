"""What staff write that is no event of a stream: the record of their acts, and the people and logins of the built-in issuer.

It refuses to know roles and permissions: who may act is decided before, and told by name.
"""
