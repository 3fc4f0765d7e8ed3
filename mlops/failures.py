"""What ran and failed: the command ends with this sentence and exit code 1."""


class RunError(Exception):
    """One sentence, or lines of the same kind: what failed, and where a person reads on."""
