"""`local-aws serve | up | down | status | operations`: the server of a home, without any project around it."""

import argparse
import json
import os
import sys
from pathlib import Path

from local_aws import launch, machine, supported
from local_aws.errors import StartError
from local_aws.processes.images import Images


def main(arguments: list[str] | None = None) -> int:
    """0 done, 1 it failed; the reason is the last line on standard error."""
    options = _parser().parse_args(arguments)
    home = options.home.resolve()
    try:
        if options.command == "serve":
            _serve(home, options.region, options.images)
            return 0
        if options.command == "operations":
            _operations(options.into)
            return 0
        if options.command == "up":
            found = launch.up(home, options.images, options.region)
        else:
            found = launch.down(home) if options.command == "down" else launch.status(home)
    except StartError as error:
        print(f"local-aws: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        print(f"local-aws: {home} cannot hold the state of local_aws: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    print(json.dumps(found.to_document()))  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local-aws", description="AWS on one machine.")
    parser.add_argument("command", choices=["serve", "up", "down", "status", "operations"])
    parser.add_argument("--home", type=Path, default=Path(".local_aws"), help="folder of the state (%(default)s)")
    parser.add_argument("--region", default="us-east-1", help="the region of new resources (%(default)s)")
    parser.add_argument("--images", type=Path, default=None, help="TOML table of images and their local hosts")
    parser.add_argument("--into", type=Path, default=None, help="operations: the Markdown file that has the table")
    return parser


def _operations(into: Path | None) -> None:
    if into:
        supported.write(into)
    else:
        print(supported.table())  # noqa: T201


def _serve(home: Path, region: str, images: Path | None) -> None:
    launch.take_home(home)
    table = Images.read(images) if images else Images()
    listener = launch.listen(home)
    launch.write_record(home, {"Port": listener.getsockname()[1], "Pid": os.getpid()})
    launch.note_port(home, listener.getsockname()[1])
    machine.serve(home, listener, region, table)


if __name__ == "__main__":
    sys.exit(main())
