"""What all handlers share: loading a charge, one timed call to a PSP, recording an outcome, retries in an outage.

It refuses to know which kind of job it serves: nothing here imports a handler.
"""
