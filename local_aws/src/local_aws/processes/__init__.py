"""Processes: images become local hosts, jobs become children that end with the server."""
