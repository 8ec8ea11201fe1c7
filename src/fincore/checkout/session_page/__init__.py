"""/checkout/...: the page on which a customer pays a checkout session, in their language and without scripts.

It refuses to know how a session is paid: it shows the step that the port names, and passes on what the customer chose.
"""
