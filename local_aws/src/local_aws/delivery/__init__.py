"""What delivers: pipelines and builds."""
