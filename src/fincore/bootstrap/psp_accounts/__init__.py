"""The accounts at PSPs as operators declare them: a file and settings in, accounts with places of secrets out.

It refuses to know how a PSP is called, and which account a charge goes to.
"""
