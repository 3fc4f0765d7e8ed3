"""EventBridge: events and their outbox, rules and their targets, schedules."""
