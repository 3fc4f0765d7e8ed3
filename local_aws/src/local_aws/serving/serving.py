"""The living part: it starts models as processes and knows what is needed for that."""

import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from local_aws.operations import Aws
from local_aws.serving.artefacts import Artefacts
from local_aws.serving.chain import Chain
from local_aws.serving.container import Container
from local_aws.serving.definition import containers_of
from local_aws.serving.following import Follower

Document = dict[str, Any]


class Serving:
    """Makes instances. One instance is one process a container, with one worker: an instance is a process here, and
    more requests at a time want more instances.
    """

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._root = aws.home / "serving"
        self._artefacts = Artefacts(aws, self._root / "models")
        self._follower = Follower()
        self._chains: set[Chain] = set()

    def start(self) -> None:
        """Nothing of an earlier server stays; its processes were ended by then (processes.Hosts)."""
        shutil.rmtree(self._root, ignore_errors=True)
        self._follower.start()

    def stop(self) -> None:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(self.end, list(self._chains)))
        self._follower.stop()
        shutil.rmtree(self._root, ignore_errors=True)

    def begin(
        self,
        model: Document,
        group: str,
        stream: str,
        *,
        environment: Mapping[str, str] | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> Chain:
        """A started instance of a model; `wait_ready` comes next, and `end` at last.

        model        its document (`models.describe`)
        group        log group;  stream  the stream of the instance, "{instance}" stands for its id
        environment  variables that win over the model's
        changed      called from any thread when a container begins or ceases to be ready
        Raises AwsError as `containers_of`, ServingError when a process cannot be started.
        """
        definitions = containers_of(self._aws, model)
        network = not model.get("EnableNetworkIsolation")
        name = uuid4().hex[:12]
        chain = Chain([])
        where = stream.replace("{instance}", chain.id)
        chain.containers = tuple(
            Container(
                self._aws,
                definition,
                self._root / name / definition.name,
                (group, where if len(definitions) == 1 else f"{where}/{definition.name}"),
                network=network,
                environment=environment or {},
                artefacts=self._artefacts,
                follower=self._follower,
                changed=changed,
            )
            for definition in definitions
        )
        self._chains.add(chain)
        try:
            chain.start()
        except BaseException:
            self.end(chain)
            raise
        return chain

    def end(self, chain: Chain) -> None:
        """Stop the instance; its processes and folders are gone afterwards."""
        self._chains.discard(chain)
        chain.stop()
        for container in chain.containers:
            parent = container.folder.parent
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
