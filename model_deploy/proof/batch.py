"""Batches: the stage's own scoring pipeline over a file of golden records."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contract.errors import InputError
from contract.package import Golden
from model_deploy import config
from model_deploy.proof import bodies
from model_deploy.proof.account import Account
from model_deploy.proof.golden import Answer
from model_deploy.proof.storage import Patience, Storage

SECONDS = 3600

#: Behind each captured result stand its inference id and time.
STAMPS = 2


@dataclass(frozen=True)
class Batch:
    """The pipeline of one transform step that both triggers of the stage start."""

    account: Account
    pipeline: str
    settings: config.Batch
    storage: Storage

    def answers(self, records: Sequence[Golden]) -> list[Answer]:
        """The answers in the order of the records.

        Raises InputError when the run fails, or when filters leave something that cannot be compared.
        """
        write = bodies.WRITERS[self.settings.content_type]
        return self.lines(write(one.record for one in records), len(records[0].record))

    def lines(self, body: bytes, width: int) -> list[Answer]:
        """The answers to the lines of a file; an error row is {"error": reason}. `width` counts a record's values."""
        if (self.settings.input_filter, self.settings.output_filter) != ("$", "$"):
            raise InputError("The filters of [batch] change the lines: they cannot be compared with golden records.")
        key = self.storage.put("golden", body)
        output = self._run(key)
        if self.settings.content_type == bodies.CSV:
            captured = STAMPS if self.settings.capture else 0
            return csv_answers(output.decode(), width if self.settings.join else 0, captured)
        return json_answers(output.decode())

    def _run(self, key: str) -> bytes:
        sagemaker = self.account.client("sagemaker")
        execution = sagemaker.start_pipeline_execution(
            PipelineName=self.pipeline, PipelineParameters=[{"Name": "InputKey", "Value": key}]
        )["PipelineExecutionArn"]
        patience = Patience(SECONDS, f"end of {execution}")
        while True:
            found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
            if found["PipelineExecutionStatus"] not in ("Executing", "Stopping"):
                break
            patience.pause()
        if found["PipelineExecutionStatus"] != "Succeeded":
            raise InputError(f"{self.pipeline} is {found['PipelineExecutionStatus']}: {_reason(sagemaker, execution)}")
        prefix = self.storage.prefix.rpartition("/proof/")[0]
        url = f"s3://{self.storage.bucket}/{prefix}/batch/out/{execution.rpartition('/')[2]}/golden.out"
        if (output := self.storage.find(url)) is None:
            raise InputError(f"{self.pipeline} succeeded and left nothing at {url}.")
        return output


def _reason(sagemaker: Any, execution: str) -> str:
    steps = sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=execution)["PipelineExecutionSteps"]
    return " ".join(step["FailureReason"] for step in steps if step.get("FailureReason")) or "no reason was given."


def json_answers(text: str) -> list[Answer]:
    """With a join, SageMaker writes the answer to a JSON record under SageMakerOutput."""
    found = [json.loads(line) for line in text.splitlines() if line.strip()]
    return [answer.get("SageMakerOutput", answer) for answer in found]


def csv_answers(text: str, joined: int, captured: int) -> list[Answer]:
    """Decision, the score or the scores by class, the version; a regression has its value alone.

    joined    values of the input record in front of the answer
    captured  values behind it
    """
    rows = (row for row in csv.reader(io.StringIO(text)) if row)
    return [_csv_answer(row[joined : len(row) - captured]) for row in rows]


def _csv_answer(row: Sequence[str]) -> Answer:
    decision, *scores, version = row
    try:
        numbers = [float(score) for score in scores or [decision]]
    except ValueError:  # an error row begins with the reason and has no scores
        return {"error": decision}
    score = numbers[0] if len(numbers) == 1 else numbers
    return {"decision": decision if scores else score, "score": score, "model_version": int(version)}
