"""The merchants' HTTP API: reads, checks and answers requests, and receives PSPs' webhooks.

It decides nothing about payments, and it refuses to know how anything is stored.
"""
