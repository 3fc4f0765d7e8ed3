"""Asynchronous inference: a durable queue before a variant's instances, results in S3, messages to topics."""
