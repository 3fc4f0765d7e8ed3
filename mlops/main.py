"""The entry of the command line: whoever breaks off while the rest is loaded gets no traceback."""

import sys

INTERRUPTED = 130


def run_app() -> int:
    """Run the command of `sys.argv`; the exit code."""
    try:
        from mlops.app import run_command  # takes a second

        return run_command()
    except KeyboardInterrupt:
        print("mlops: interrupted.", file=sys.stderr)  # noqa: T201 (rich may not be loaded)
        return INTERRUPTED


def main() -> None:
    """The entry that pyproject.toml names."""
    sys.exit(run_app())
