"""The card edge: takes card numbers from merchants' back ends, on a listener of its own beside the merchants' API.

It logs no body, it keeps nothing of a card, and it refuses to know how anything is stored and what a PSP is.
"""
