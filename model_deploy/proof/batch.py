"""Batches: the stage's own scoring pipeline over a file of golden records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contract.errors import InputError
from contract.package import Golden
from model_deploy import config
from model_deploy.proof import bodies
from model_deploy.proof.account import Account
from model_deploy.proof.lines import KINDS, Lines
from model_deploy.proof.storage import Patience, Storage

SECONDS = 3600


@dataclass(frozen=True)
class Batch:
    """The pipeline of one transform step that both triggers of the stage start."""

    account: Account
    pipeline: str
    settings: config.Batch
    storage: Storage

    @property
    def kind(self) -> Lines:
        return KINDS[self.settings.content_type](self.settings)

    def results(self, lines: Sequence[str]) -> list[str]:
        """The lines of the results, in order.

        Raises InputError when the run fails, TimeoutError when it has no end.
        """
        key = self.storage.put("golden", "".join(f"{line}\n" for line in lines).encode())
        return bodies.lines(self._run(key).decode())

    def holds(self, one: Golden) -> bool:
        """Whether the record is one line: Batch Transform takes no line breaks within the cells of CSV."""
        return not {"\n", "\r"} & set(self.kind.line(one.record))

    def differences(self, records: Sequence[Golden], version: int) -> list[str]:
        """One sentence for each record whose result is not what training time, filters and join make of it."""
        kind = self.kind
        lines = [kind.line(one.record) for one in records]
        found = self.results(lines)
        if len(found) != len(lines):
            return [f"{len(lines)} records were sent and {len(found)} results came back"]
        compared = (kind.difference(*each, version) for each in zip(lines, records, found, strict=True))
        return [f"golden record {place}: {said}" for place, said in enumerate(compared) if said]

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
