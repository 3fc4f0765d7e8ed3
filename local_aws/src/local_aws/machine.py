"""Put a machine together: its store, its clock, its services; and take it apart again."""

import logging
import signal
import socket
import sqlite3
from pathlib import Path
from typing import Protocol

import uvicorn

from local_aws import cards, codecommit, lineage, models, registry, search, tags
from local_aws.autoscaling import api as autoscaling
from local_aws.clock import Clock
from local_aws.cloudformation import change_sets, describing, stack_operations
from local_aws.cloudformation.engine import Stacks
from local_aws.cloudwatch import alarm_operations, metric_operations
from local_aws.cloudwatch.monitor import Monitor
from local_aws.codecommit.references import Branches
from local_aws.delivery.builds import operations as builds
from local_aws.delivery.builds.builders import Builders
from local_aws.delivery.pipelines import api as codepipeline
from local_aws.delivery.pipelines.engine import Runner
from local_aws.endpoints import configs as endpoint_configs
from local_aws.endpoints import operations as endpoint_operations
from local_aws.endpoints import runtime as endpoint_runtime
from local_aws.endpoints import streaming as endpoint_streaming
from local_aws.endpoints.asynchronous import operations as asynchronous_operations
from local_aws.endpoints.asynchronous.queue import Queues
from local_aws.endpoints.capture import Captures
from local_aws.endpoints.endpoints import Endpoints
from local_aws.errors import AwsError, StartError
from local_aws.events import buses, rules, scheduler
from local_aws.events.deliveries import Deliverer
from local_aws.events.timer import Timer
from local_aws.functions import event_invoke, permissions
from local_aws.functions import operations as lambda_operations
from local_aws.functions.part import Functions
from local_aws.jobs import operations as jobs
from local_aws.jobs.tuning import operations as tuning
from local_aws.jobs.tuning.tuner import Tuner
from local_aws.jobs.workers import Workers
from local_aws.lineage.of_jobs import Lineage
from local_aws.operations import Aws, Operations
from local_aws.pipelines import execution_operations, pipeline_operations
from local_aws.pipelines.engine import Engine
from local_aws.processes.hosts import Hosts
from local_aws.processes.images import Images
from local_aws.s3 import api as s3
from local_aws.server import Application
from local_aws.services import iam, kms, logs, sns, sqs, sts
from local_aws.services.queues import Arrivals
from local_aws.serving import Serving
from local_aws.store import Store
from local_aws.wire.connection import Connection

OPERATIONS: tuple[Operations, ...] = (
    *s3.OPERATIONS,
    iam.operations,
    logs.operations,
    sts.operations,
    jobs.operations,
    tuning.operations,
    models.operations,
    registry.operations,
    lineage.operations,
    cards.operations,
    pipeline_operations.operations,
    execution_operations.operations,
    tags.operations,
    search.operations,
    rules.operations,
    buses.operations,
    scheduler.operations,
    sqs.operations,
    sns.operations,
    kms.operations,
    stack_operations.operations,
    change_sets.operations,
    describing.operations,
    metric_operations.operations,
    alarm_operations.operations,
    endpoint_configs.operations,
    endpoint_operations.operations,
    endpoint_runtime.operations,
    endpoint_streaming.operations,
    asynchronous_operations.operations,
    builds.operations,
    lambda_operations.operations,
    permissions.operations,
    event_invoke.operations,
    *autoscaling.OPERATIONS,
    *codecommit.OPERATIONS,
    *codepipeline.OPERATIONS,
)


class Part(Protocol):
    """Something that lives beside the requests: it starts with the server and ends with it."""

    def __init__(self, aws: Aws) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


#: Made in this order at start; reachable as `aws.part(Class)`.
PARTS: tuple[type[Part], ...] = (
    Hosts,
    Serving,
    Workers,
    Tuner,
    Builders,
    Functions,
    Engine,
    Lineage,
    Arrivals,
    Deliverer,
    Timer,
    Monitor,
    Captures,
    Endpoints,
    Queues,
    Stacks,
    Branches,
    Runner,
)


def build(home: Path, port: int, region: str, images: Images) -> Aws:
    """The machine whose state is below `home`; nothing runs yet."""
    home.mkdir(parents=True, exist_ok=True)
    (home / ".gitignore").write_text("*\n")  # state is nobody's source, wherever the home stands
    store = Store(home)
    origin = store.get("local:Clock", "clock")
    aws = Aws(
        home=home,
        store=store,
        clock=Clock.resumed(origin) if origin else Clock(),
        region=region,
        endpoint=f"http://127.0.0.1:{port}",
        images=images,
        handlers={(group.service, name): found for group in OPERATIONS for name, found in group.handlers.items()},
    )
    for part in PARTS:
        aws.parts[part] = part(aws)
    return aws


def serve(home: Path, listener: socket.socket, region: str, images: Images) -> None:
    """Serve on an open listening socket until SIGTERM or SIGINT. Raises StartError when the home cannot be used."""
    try:
        aws = build(home, listener.getsockname()[1], region, images)
        aws.store.sweep()
        aws.store.keep_reserve()
    except (OSError, sqlite3.Error, AwsError) as error:
        raise StartError(f"{home} cannot hold the state of local_aws: {error}.") from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    application = Application(aws, OPERATIONS)
    config = uvicorn.Config(
        application,
        http=Connection,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        server_header=False,
        lifespan="on",
    )
    for part in PARTS:
        aws.part(part).start()
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it is done: the parts end first
        signal.signal(number, lambda *_: None)
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        for part in reversed(PARTS):
            aws.part(part).stop()
