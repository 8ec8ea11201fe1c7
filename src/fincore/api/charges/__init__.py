"""/v1/charges: create a charge, look at one, list them, capture and cancel.

It refuses to decide what a charge may become, and to know any other resource.
"""
