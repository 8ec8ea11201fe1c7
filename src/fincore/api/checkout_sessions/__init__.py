"""/v1/checkout_sessions: create a session that a customer pays on FinCore's page, look at one, list them, end one.

It refuses to know the page, and to decide what becomes of a session.
"""
