"""The one error that is meant for a person."""


class InputError(Exception):
    """What the user gave cannot work. The text is one sentence: what, where, and what would mend it.

    Commands print it without a traceback and exit 2; jobs write it as their failure reason and exit 1.
    """
