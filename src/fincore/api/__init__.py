"""The merchants' HTTP door: requests are read, checked and answered here, PSPs' webhooks received.

It decides nothing about payments, and it refuses to know how anything is stored.
"""
