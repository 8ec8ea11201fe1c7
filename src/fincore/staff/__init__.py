"""The server of staff: who calls, which role that person has, and the resources of `/staff/v1` with the dashboard's files.

It refuses to know merchants' API keys, cookies on `/staff/v1`, and how anything is stored.
"""
