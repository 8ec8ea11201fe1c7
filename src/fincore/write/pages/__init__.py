"""What browsers report of FinCore's pages: violations of content security policies, counted and kept in aggregate; and the last comparison of the pages.

It refuses to know who the customer is: no query, no id in a path and no address of a client is kept.
"""
