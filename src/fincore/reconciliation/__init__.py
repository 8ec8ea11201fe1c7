"""What PSPs and banks state of our money, compared with the ledger: files in, lines of one shape, what differs out, and who is told.

It refuses to know how a payment is made, what a merchant asked for, and how a terminal shows a result.
"""
