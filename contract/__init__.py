"""What the rooms agree on. Standard library only: these modules run where people author, in jobs and in endpoints."""
