"""Trial tables: the plan of an analysis, which visit belongs to which period, outcome tables, lock, arms and estimates.

Tables and numbers in, tables and numbers out: this room knows no recording and draws no picture. Everything but
`arms` and what takes arms as an argument is blind.
"""
