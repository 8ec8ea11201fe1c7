"""What staff decide about charges: reviews (`/staff/v1/cases`), unknown outcomes, held reports.

It knows no PSP, and what follows from a decision it does not decide.
"""
