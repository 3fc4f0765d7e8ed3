"""CloudWatch: metrics with their statistics, alarms that evaluate on the machine's clock."""
