"""The dashboard's files, as `web/dashboard` builds them, and what the dashboard must know before a person has logged in.

It refuses to know what the screens show: they call /staff/v1 like any other client.
"""
