"""The folder of one host of a job: shaped like /opt/ml, and kept for whoever wants to run its program by hand.

<root>/ml        /opt/ml
<root>/bin       `python3`, which sees what the image has
<root>/tmp       TMPDIR
<root>/command.json   the command, its environment and its working directory
"""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.jobs.failure import JobError
from local_aws.operations import Aws
from local_aws.processes.boot.program import Program
from local_aws.processes.hosts import SHARED_CORES, START
from local_aws.processes.images import Image

_OPT_ML = re.compile(r"(?<![\w.-])/opt/ml(?![\w.-])")


@dataclass
class HostFolder:
    """The folder of the host `name` ("algo-1").

    links      whether inputs may be links that the kernel keeps the program from writing to
    hosts      the names of all hosts of the job
    read_only  those that are
    """

    root: Path
    name: str
    links: bool
    hosts: tuple[str, ...] = ()
    read_only: list[Path] = field(default_factory=list)

    @property
    def ml(self) -> Path:
        return self.root / "ml"

    def make(self, settings: Path) -> None:
        """The empty folder, with its interpreter; `settings` is the image's (see processes.packages)."""
        for folder in (self.ml, self.root / "bin", self.root / "tmp"):
            folder.mkdir(parents=True)
        command = [sys.executable, "-s", "-S", "-P", str(START), "python", str(settings), str(self.root)]
        shim = self.root / "bin" / "python3"
        shim.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
        shim.chmod(0o755)
        (self.root / "bin" / "python").symlink_to("python3")

    def real(self, path: str) -> Path:
        """Where a path of the container is on this machine. Raises ValueError for one outside /opt/ml."""
        if not (path == "/opt/ml" or path.startswith("/opt/ml/")) or ".." in Path(path).parts:
            raise ValueError(f"{path} is not below /opt/ml.")
        return self.ml / path[len("/opt/ml") :].lstrip("/")

    def rewrite(self, text: str) -> str:
        """The text with its paths below /opt/ml as they are on this machine."""
        return _OPT_ML.sub(str(self.ml), text)

    def write(self, path: str, document: Any) -> None:
        """A JSON document at a path below /opt/ml."""
        file = self.real(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=1))

    def program(
        self, arguments: Iterable[str], environment: Mapping[str, str], *, folder: str = "/opt/ml", network: bool
    ) -> Program:
        """What to run here, with paths rewritten; noted in `command.json`. Raises JobError for an empty command."""
        command = tuple(self.rewrite(argument) for argument in arguments)
        if not command or not command[0]:
            raise JobError("ClientError: The command of the container begins with an empty word: name a program.")
        program = Program(
            arguments=command,
            environment={name: self.rewrite(value) for name, value in environment.items()},
            root=self.root,
            shown=self.ml,
            folder=self.real(folder),
            network=network,
            read_only=tuple(self.read_only),
            **self._company(),
        )
        noted = {
            "Command": list(program.arguments),
            "Environment": program.environment,
            "Folder": str(program.folder),
        }
        (self.root / "command.json").write_text(json.dumps(noted, indent=1))
        return program

    def stand_in(self, image: Image) -> str:
        """A copy of the folders that the image's stand-in is imported from: what runs is what was there then."""
        target = self.root / "stand_in"
        for source in image.code:
            shutil.copytree(source, target / Path(source).name, ignore=shutil.ignore_patterns("__pycache__"))
        return str(target)

    def _company(self) -> dict[str, Any]:
        """How the program finds the job's other hosts."""
        return {"hosts": self.hosts, "meeting": self.root.parent / "network"} if len(self.hosts) > 1 else {}

    def environment(self, aws: Aws, *, network: bool) -> dict[str, str]:
        """What every job's processes find: the container's basics, and the way to this machine's AWS."""
        basics = {
            "PATH": f"{self.root / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.root),
            "TMPDIR": str(self.root / "tmp"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_REGION": aws.region,
            "AWS_DEFAULT_REGION": aws.region,
        }
        reach = {
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
        }
        return basics | SHARED_CORES | (reach if network else {})


def resource_config(hosts: list[str], current: str, instance_type: str) -> dict[str, Any]:
    """`resourceconfig.json`, as training and processing containers find it."""
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": hosts}
    return {
        "current_host": current,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": hosts,
        "instance_groups": [group],
        "network_interface_name": "lo",
    }
