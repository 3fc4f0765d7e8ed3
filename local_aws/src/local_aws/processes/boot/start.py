"""Where the interpreters of jobs begin: run by path and without `site`, so that nothing of this machine leaks in.

start.py serve DESCRIPTOR SETTINGS         the fork server of an image
start.py python SETTINGS ROOT [ARGUMENT…]  `python ARGUMENT…` as the image would run it, for the job at ROOT
"""

import json
import sys
from pathlib import Path

HERE = str(Path(__file__).parents[3])

sys.path.insert(0, HERE)
from local_aws.processes.boot import program, server  # noqa: E402
from local_aws.processes.boot.guard import Packages  # noqa: E402

sys.path.remove(HERE)


def main(arguments: list[str]) -> None:
    if arguments[0] == "serve":
        server.serve(int(arguments[1]), Path(arguments[2]))
    packages = Packages.from_document(json.loads(Path(arguments[1]).read_text()))
    sys.path += packages.site
    for name in [name for name in sys.modules if name.partition(".")[0] == "local_aws"]:
        del sys.modules[name]
    program.python(tuple(arguments[3:]), packages, Path(arguments[2]))


if __name__ == "__main__":
    main(sys.argv[1:])
