"""Programs that run beside the server: each file stands alone, on the standard library."""
