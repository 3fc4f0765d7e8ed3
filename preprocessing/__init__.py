"""Raw rows to features: read, clean, split, fit, encode; `record` does it for one record, without Arrow or pandas."""
