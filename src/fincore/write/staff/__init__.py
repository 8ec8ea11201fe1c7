"""What staff write that is no event of a stream: the record of their acts.

It refuses to know roles and permissions: who may act is decided before, and told by name.
"""
