"""What a data scientist edits: pipelines, their steps, and the programs inside the jobs."""
