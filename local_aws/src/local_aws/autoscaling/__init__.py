"""Application Auto Scaling: policies, scheduled actions, and what they do to capacity, by the server's clock."""
