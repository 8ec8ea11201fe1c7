"""/webhooks/{psp}/{account}: where payment service providers deliver what happened.

It refuses to know what a PSP says: it keeps the bytes once their signature is right.
"""
