"""Where the expressions of a running execution get their values."""

import datetime
import json
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws
from local_aws.pipelines.definition import Definition
from local_aws.pipelines.expressions import ExpressionError, look_up
from local_aws.s3 import objects

Document = dict[str, Any]


class ExecutionScope:
    """The parameters, variables and finished steps of one execution."""

    def __init__(self, aws: Aws, definition: Definition, execution: Document) -> None:
        self._aws = aws
        self._definition = definition
        self._execution = execution

    def parameter(self, name: str) -> Any:
        return self._execution["Parameters"][name]

    def execution(self, name: str) -> str:
        if name == "CurrentDateTime":
            return _iso(self._aws.clock.now())
        if name == "StartDateTime":
            return _iso(self._execution["CreationTime"])
        return str(self._execution[name])

    def properties(self, step: str) -> Document:
        entry = self._execution["Steps"].get(step, {})
        if entry.get("StepStatus") != "Succeeded":
            raise ExpressionError(f"The step {step} has not succeeded in this execution: it has no properties.")
        return self._definition.steps[step].kind.properties(self._aws, entry["Resource"])

    def property_file(self, step: str, name: str) -> Any:
        declared = self._definition.steps[step].document["PropertyFiles"]
        file = next(item for item in declared if item["PropertyFileName"] == name)
        path = ("ProcessingOutputConfig", "Outputs", file["OutputName"], "S3Output", "S3Uri")
        folder = look_up(self.properties(step), path, f"The step {step}")
        return self.json_object(f"{folder.rstrip('/')}/{file['FilePath']}")

    def json_object(self, uri: str) -> Any:
        try:
            entry = objects.read(self._aws, *objects.split_uri(uri))
            return json.loads(entry.blob.read_bytes())
        except AwsError as error:
            raise ExpressionError(f"{uri} cannot be read: {error.message}") from None
        except ValueError as error:
            raise ExpressionError(f"{uri} is not JSON: {error}.") from None


def _iso(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
