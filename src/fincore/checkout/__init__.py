"""The customers' server: what browsers of customers call, on a listener of its own beside the merchants' API.

It decides nothing about payments, it shows no secret, and it refuses to know how anything is stored.
"""
