"""/v1/refunds: give money of a charge back, look at a refund, list them.

It refuses to decide what may be refunded, and to know any other resource.
"""
