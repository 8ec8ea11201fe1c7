"""/v1/client_configuration: with what a page can let its customer pay, and at which account each payment method is made.

It refuses to know who the customer is, and it makes nothing that could be charged.
"""
