"""What this job knows of where the model comes from, beyond what the definition says.

Environment: JOB_CONFIG (the file that names the job; SageMaker writes it to the default path), TRAINING_JOB (the name
of the job that made the model; not set: not told).
"""

import os
import re
from datetime import UTC, datetime

from analysis.pages.origin import Origin
from contract import documents
from model_build.jobs.program import folder

#: `pipelines-<execution>-<step>-<hash>`: what a pipeline calls its jobs.
_JOB = re.compile(r"pipelines-(?P<execution>[a-z0-9]+)-.+")


def known(name: str, pipeline: str) -> Origin:
    """The model `name` of a pipeline, with the execution that judges it and the day. Neither is an argument of the
    step, so that an execution in which nothing changed is answered from the cache."""
    config = folder("JOB_CONFIG", "/opt/ml/config/processingjobconfig.json")
    job = documents.read(config).get("ProcessingJobName", "") if config.is_file() else ""
    made = _JOB.fullmatch(job)
    return Origin(
        name=name,
        pipeline=pipeline,
        execution=made["execution"] if made else "",
        training_job=os.environ.get("TRAINING_JOB", ""),
        date=f"{datetime.now(UTC):%Y-%m-%d}",
    )
