"""Lambda: functions written in Python, each in a process of its own that stays warm between invocations."""
