"""/healthz and /readyz of each server: whether this process can serve.

It refuses to know what a dependency is: it asks the probes that it is given.
"""
