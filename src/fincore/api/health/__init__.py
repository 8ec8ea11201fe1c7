"""/healthz, /readyz and the index: whether this process can serve, and where to go from there.

It refuses to know what a dependency is: it asks the probes that it is given.
"""
