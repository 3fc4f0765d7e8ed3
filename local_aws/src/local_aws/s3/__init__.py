"""S3: bytes in files, keys in SQLite."""
