"""The program that runs a function's code: it stands alone, on the standard library."""
