"""Numbers: addresses to draws, data to laws.

Nothing is imported here, because numba must not be paid for by those who only read a law.
"""
