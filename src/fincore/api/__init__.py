"""The merchants' HTTP API: reads, checks and answers requests, receives PSPs' webhooks, and sends customers on who come back.

It decides nothing about payments, and it refuses to know how anything is stored.
"""
