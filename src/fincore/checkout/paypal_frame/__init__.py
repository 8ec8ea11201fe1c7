"""/frames/paypal: the page in which PayPal's script runs, so that merchants' pages need not allow it.

It refuses to know any charge: the frame gets the address of its customer's approval from the merchant's page.
"""
