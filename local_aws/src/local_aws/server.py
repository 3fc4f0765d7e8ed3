"""HTTP in, HTTP out: find the service, read the request, call the handler, write the answer."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from local_aws.errors import AwsError, NotSupported
from local_aws.jobs import spot
from local_aws.operations import Aws, Handler, Operations
from local_aws.store import translate
from local_aws.wire import serialise
from local_aws.wire.http import FileSlice, HttpRequest, HttpResponse
from local_aws.wire.models import operation_model, service_model, target_prefixes
from local_aws.wire.parse import parse, scope
from local_aws.wire.receive import DisconnectedError, Receive, receive_body
from local_aws.wire.validate import tag_violations, violations

log = logging.getLogger("local_aws")

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """The ASGI application. Handlers run in threads, or in the event loop when they are coroutines."""

    def __init__(self, aws: Aws, operations: Iterable[Operations], threads: int = 32) -> None:
        self.aws = aws
        operations = tuple(operations)
        self.handlers = _index(operations)
        self.raws = [raw for group in operations for raw in group.raws.values()]
        self.services = tuple(sorted({service for service, _ in self.handlers}))
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, asgi: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if asgi["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if asgi["method"] == "POST":
            for prefix, ending, handler in self.raws:
                if asgi["path"].startswith(prefix) and asgi["path"].endswith(ending):
                    await handler(self.aws, asgi, receive, send)
                    return
        request = HttpRequest(
            method=asgi["method"],
            path=asgi["raw_path"].decode("latin-1"),
            query_string=asgi["query_string"].decode("latin-1"),
            headers={name.decode("latin-1"): value.decode("latin-1") for name, value in asgi["headers"]},
        )
        try:
            try:
                # On the blobs' file system, so that an object can take the file over.
                request.body = await receive_body(request, receive, self.aws.store.new_blob, self.threads)
            except OSError as error:
                response = self._broken(request, translate(error, self.aws.home))
            except AwsError as error:
                response = serialise.failure(self.service_of(request), request, error)
            else:
                response = await self.answer(request)
            await _send(response, send, head=request.method == "HEAD")
        except DisconnectedError:
            pass  # nobody is left to answer
        finally:
            request.body.discard()

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """The response to one request; errors of every kind become the protocol's own."""
        if request.path.startswith("/_local/"):
            return await asyncio.get_running_loop().run_in_executor(self.threads, self._control, request)
        service = self.service_of(request)
        if service not in self.services:
            return serialise.failure(service, request, NotSupported(f"the service {service}"))
        try:
            name, members = parse(service, request)
            handler = self.handlers.get((service, name))
            if handler is None:
                raise NotSupported(f"{service}:{name}")
            self._check(service, name, members)
            if asyncio.iscoroutinefunction(handler):
                found = await handler(self.aws, members)
            else:
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(self.threads, handler, self.aws, members)
            return serialise.result(service, name, request, found or {})
        except AwsError as error:
            return serialise.failure(service, request, error)
        except RecursionError:
            deep = AwsError("ValidationException", "The request, or what it names, is nested too deeply.")
            return serialise.failure(service, request, deep)
        except OSError as error:
            return self._broken(request, translate(error, self.aws.home), service)
        except Exception as error:  # noqa: BLE001  the last line of defence: said to the client and in the log
            return self._broken(request, error, service)

    def service_of(self, request: HttpRequest) -> str:
        """By what the request was signed for, else by the JSON target, else S3 (anonymous reads)."""
        _, service = scope(request)
        if service is None and (target := request.headers.get("x-amz-target")):
            service = target_prefixes(self.services).get(target.rpartition(".")[0])
        if service == "sagemaker" and not request.headers.get("content-type", "").startswith("application/x-amz-json"):
            return "sagemaker-runtime"  # signs as sagemaker and has paths of its own
        return service or "s3"

    def _check(self, service: str, name: str, members: dict[str, Any]) -> None:
        shape = operation_model(service, name).input_shape
        if shape is None or service == "s3":  # S3 answers with codes of its own; its handlers check
            return
        found = list(violations(shape, members)) or list(tag_violations(members.get("Tags")))
        if found:
            code = "ValidationError" if service in ("iam", "sts", "cloudformation") else "ValidationException"
            raise AwsError(code, f"{len(found)} validation error{'s' * (len(found) > 1)} detected: {' '.join(found)}")

    def _broken(self, request: HttpRequest, error: Exception, service: str | None = None) -> HttpResponse:
        if not isinstance(error, AwsError):
            log.exception("%s %s failed", request.method, request.path, exc_info=error)
            error = AwsError("InternalFailure", f"local_aws failed: {type(error).__name__}: {error}", status=500)
        return serialise.failure(service or self.service_of(request), request, error)

    def _control(self, request: HttpRequest) -> HttpResponse:
        """What the machine's owner may do and no AWS has: look at its state and move its clock."""
        if request.path not in ("/_local/status", "/_local/clock", "/_local/spot"):
            said = {"Error": f"There is no {request.path}; there are /_local/status, /_local/clock and /_local/spot."}
            return HttpResponse(404, {"content-type": "application/json"}, json.dumps(said).encode())
        if request.path == "/_local/spot":
            return self._spot(request)
        if request.path == "/_local/clock" and request.method == "POST":
            try:
                wanted = json.loads(request.body.read() or b"{}")
                self.aws.clock.set(float(wanted.get("Offset", 0)), wanted.get("Rate"))
            except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
                return HttpResponse(
                    400, {"content-type": "application/json"}, json.dumps({"Error": str(error)}).encode()
                )
            self.aws.store.put("local:Clock", "clock", self.aws.clock.origin)
        state = {
            "Endpoint": self.aws.endpoint,
            "Home": str(self.aws.home),
            "Region": self.aws.region,
            "Time": self.aws.clock.now(),
            "Rate": self.aws.clock.rate,
            "Commits": self.aws.store.commits,
            "Fsyncs": self.aws.store.fsyncs,
        }
        return HttpResponse(200, {"content-type": "application/json"}, json.dumps(state).encode())

    def _spot(self, request: HttpRequest) -> HttpResponse:
        """When instances of managed Spot training are taken away."""
        status = 200
        try:
            if request.method == "POST":
                spot.control(self.aws, json.loads(request.body.read() or b"{}"))
            said = spot.state(self.aws)
        except (ValueError, RecursionError) as error:
            status, said = 400, {"Error": str(error)}
        return HttpResponse(status, {"content-type": "application/json"}, json.dumps(said).encode())


def _index(operations: Iterable[Operations]) -> dict[tuple[str, str], Handler]:
    """(service, operation) → handler. Raises ValueError on a name that botocore's model does not have."""
    found: dict[tuple[str, str], Handler] = {}
    for group in operations:
        for name in (*group.handlers, *group.raws):
            if name not in service_model(group.service).operation_names:
                raise ValueError(f"{group.service} has no operation {name}.")
            if (group.service, name) in found:
                raise ValueError(f"{group.service}:{name} has two handlers.")
            if name in group.handlers:
                found[group.service, name] = group.handlers[name]
    return found


async def _send(response: HttpResponse, send: Send, *, head: bool) -> None:
    headers = [(name.encode("latin-1"), value.encode("utf-8")) for name, value in response.headers.items()]
    if "content-length" not in response.headers:
        headers.append((b"content-length", str(response.length).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if head:
        await send({"type": "http.response.body", "body": b""})
    elif isinstance(response.body, FileSlice):
        for chunk in response.body.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        await send({"type": "http.response.body", "body": response.body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
