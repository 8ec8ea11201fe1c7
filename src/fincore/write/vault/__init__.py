"""The vault: keeps cards that merchants sent by their numbers, encrypted, and opens them for calls of PSPs.

It keeps no security code, and it refuses to know what a card is charged for and where its keys come from.
"""
