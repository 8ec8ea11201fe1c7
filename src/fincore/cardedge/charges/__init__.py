"""/v1/charges of the card edge: create a charge by card number.

It refuses to know how a card becomes a token, and what became of a charge: the merchants' API tells that.
"""
