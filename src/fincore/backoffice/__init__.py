"""What staff do with charges, merchants, books and read models: stores and ports in, data out.

It refuses to know the settings, how a store is reached, and how anything is shown.
"""
