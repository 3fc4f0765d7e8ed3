"""A machine whose table has one small image that serves WSGI, and models made of a few lines."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from serving_kit import IMAGE, SERVING, TABLE, artefact

from local_aws import machine, models
from local_aws.operations import Aws
from local_aws.processes.hosts import Hosts
from local_aws.processes.images import Images
from local_aws.s3 import objects
from local_aws.serving import Serving, container


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """A machine without HTTP whose hosts and serving have been started."""
    folder = tmp_path_factory.mktemp("serving")
    (folder / "images.toml").write_text(TABLE)
    aws = machine.build(folder / "home", 0, "us-east-1", Images.read(folder / "images.toml"))
    aws.store.sql("INSERT INTO buckets VALUES ('models', 0, '{}')")
    parts = (Hosts, Serving)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(container, "PING", 0.3)  # whoever does not answer is asked again
        for part in parts:
            aws.part(part).start()
        try:
            yield aws
        finally:
            for part in reversed(parts):
                aws.part(part).stop()


@pytest.fixture
def model(running: Aws, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """model(source, …): the document of a new model with a container for each source."""

    def make(*sources: str, environment: Mapping[str, str] | None = None, **members: Any) -> dict[str, Any]:
        name = f"model-{running.store.next_seq()}"
        containers = []
        for number, source in enumerate(sources):
            with running.store.transaction():
                objects.put(running, "models", f"{name}-{number}", objects.stage(running, artefact(source)))
            containers.append(
                {
                    "Image": IMAGE,
                    "ModelDataUrl": f"s3://models/{name}-{number}",
                    "Environment": SERVING | dict(environment or {}),
                }
            )
        models.create(running, {"ModelName": name, "Containers": containers, **members})
        return models.describe(running, name)

    return make
