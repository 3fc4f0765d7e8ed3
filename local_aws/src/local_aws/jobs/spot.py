"""Managed Spot training: capacity that is taken away, at random or on purpose, and what of a job that leaves.

The owner of the machine says when (`/_local/spot`, see `control`); a job without Spot is never interrupted.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

import math
import random
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local_aws.errors import AwsError
from local_aws.operations import Aws

Document = dict[str, Any]

KIND = "local:Spot"

#: How long capacity is away after an interruption, in seconds, unless the control says otherwise.
AWAY = 1.0

_MEMBERS = frozenset({"Rate", "Seed", "WaitSeconds", "TrainingJobName", "AfterSeconds", "AtLogLine", "Times"})


@dataclass
class Interruption:
    """The next one of a running job.

    at    by the clock, in seconds since 1970
    line  a line of the log that brings it at once
    plan  the key of the plan that it follows
    away  how long capacity is away then, in seconds
    """

    at: float = math.inf
    line: re.Pattern[str] | None = None
    plan: str = ""
    away: float = AWAY

    def saw(self, lines: Iterable[str], now: float) -> None:
        if self.line and any(self.line.search(line) for line in lines):
            self.at = min(self.at, now)


def upcoming(aws: Aws, document: Document, started: float) -> Interruption:
    """The next interruption of a training job whose attempt began at `started`; one that never comes, mostly."""
    name = document["TrainingJobName"]
    for key, plan in aws.store.scan(KIND, "plan/"):
        if fnmatchcase(name, plan["TrainingJobName"]):
            line = plan.get("AtLogLine")
            at = started + plan["AfterSeconds"] if "AfterSeconds" in plan else math.inf
            return Interruption(at, re.compile(line) if line else None, key, plan.get("WaitSeconds", AWAY))
    general = aws.store.get(KIND, "general") or {}
    if not general.get("Rate"):
        return Interruption()
    attempt = sum(row["Status"] == "Interrupted" for row in document["SecondaryStatusTransitions"])
    chance = random.Random(f"{general.get('Seed', 0)} {name} {attempt}")  # noqa: S311  not for secrets
    wait = chance.expovariate(general["Rate"] / 3600)
    return Interruption(started + wait, away=general.get("WaitSeconds", AWAY))


def spend(aws: Aws, interruption: Interruption) -> None:
    """A plan has come true: one time less; inside a transaction."""
    plan = aws.store.get(KIND, interruption.plan) if interruption.plan else None
    if plan is None:
        return
    if plan["Times"] > 1:
        aws.store.put(KIND, interruption.plan, plan | {"Times": plan["Times"] - 1})
    else:
        aws.store.delete(KIND, interruption.plan)


def control(aws: Aws, wanted: Any) -> None:
    """What POST /_local/spot does. Raises ValueError with one sentence.

    {"Rate": 6}    interruptions an hour of each Spot job, drawn by "Seed"; 0: none
    {"TrainingJobName": "…-Train-*", "AfterSeconds": 5}  or  "AtLogLine": a regular expression; "Times": 1
                   at an exact moment of the jobs whose names fit the pattern, ahead of what the rate says
    {"WaitSeconds": 1}  beside either: how long capacity is away afterwards
    {}             forget all of it
    """
    unknown = sorted(set(wanted) - _MEMBERS) if isinstance(wanted, Mapping) else []
    if unknown or not isinstance(wanted, Mapping):
        without = f", without {', '.join(unknown)}" if unknown else ""
        raise ValueError(f"An object with {', '.join(sorted(_MEMBERS))} is needed{without}.")
    for name in ("Rate", "WaitSeconds", "AfterSeconds"):
        value = wanted.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= sys.float_info.max:
            raise ValueError(f"{name} must be a number, at least 0.")
    with aws.store.transaction():
        if not wanted:
            for key, _ in aws.store.scan(KIND):
                aws.store.delete(KIND, key)
        elif "TrainingJobName" in wanted:
            _plan(aws, wanted)
        elif "Rate" in wanted:
            kept = {name: wanted[name] for name in ("Rate", "Seed", "WaitSeconds") if name in wanted}
            aws.store.put(KIND, "general", kept)
        else:
            raise ValueError("Rate or TrainingJobName is needed.")


def _plan(aws: Aws, wanted: Mapping[str, Any]) -> None:
    if ("AfterSeconds" in wanted) == ("AtLogLine" in wanted):
        raise ValueError("TrainingJobName needs either AfterSeconds or AtLogLine.")
    if not isinstance(wanted["TrainingJobName"], str):
        raise ValueError("TrainingJobName must be a pattern of names.")
    try:
        re.compile(wanted.get("AtLogLine", ""))
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"AtLogLine is not a regular expression: {error}.") from None
    times = wanted.get("Times", 1)
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise ValueError("Times must be a whole number, at least 1.")
    last = max((int(key.rpartition("/")[2]) for key, _ in aws.store.scan(KIND, "plan/")), default=0)
    aws.store.put(KIND, f"plan/{last + 1:06d}", {**wanted, "Times": times})


def state(aws: Aws) -> Document:
    """What GET /_local/spot shows."""
    plans = [plan for _, plan in aws.store.scan(KIND, "plan/")]
    return {"Rate": 0, **(aws.store.get(KIND, "general") or {}), "Plans": plans}


def check(request: Document, day: float, resumable: bool) -> None:
    """Raises AwsError for limits that Spot cannot have.

    resumable  whether the algorithm is one's own, or has checkpoints
    """
    limits = request.get("StoppingCondition", {})
    if not request.get("EnableManagedSpotTraining"):
        if "MaxWaitTimeInSeconds" in limits:
            raise AwsError(
                "ValidationException",
                "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true.",
            )
        return
    wait = limits.get("MaxWaitTimeInSeconds", 0)
    if wait < limits.get("MaxRuntimeInSeconds", day):
        raise AwsError(
            "ValidationException",
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds.",
        )
    if not resumable and wait > LONGEST_WAIT:
        raise AwsError(
            "ValidationException",
            f"Invalid MaxWaitTimeInSeconds. It must be at most {LONGEST_WAIT} for a built-in algorithm without"
            " checkpoints.",
        )


#: Seconds that a job of a built-in algorithm without checkpoints may take and wait in all.
LONGEST_WAIT = 3600


def waited(transitions: Sequence[Document]) -> float:
    """Seconds between instances: from each interruption until the next download began."""
    return sum(_spans(transitions, ("Interrupted", "Starting")))


def trained(transitions: Sequence[Document]) -> float:
    """Seconds in the phase Training, over all attempts."""
    return sum(_spans(transitions, ("Training",)))


def _spans(transitions: Sequence[Document], phases: tuple[str, ...]) -> Iterator[float]:
    """Lengths of the phases, the first one (before there ever was an instance) left out."""
    for row in transitions[1:]:
        if row["Status"] in phases and "EndTime" in row:
            yield row["EndTime"] - row["StartTime"]
