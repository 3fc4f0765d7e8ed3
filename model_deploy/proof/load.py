"""A bounded load on an endpoint, and its latency and errors against the stage's limits."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from contract.package import Golden
from model_deploy.config import Limits
from model_deploy.modes import ModeName
from model_deploy.proof import bodies
from model_deploy.proof.checks import Check
from model_deploy.proof.endpoint import Endpoint
from model_deploy.proof.golden import difference


@dataclass(frozen=True)
class Sent:
    """One request: how long it took, and what was wrong with the answer."""

    seconds: float
    error: str | None


def load(
    mode: ModeName, endpoint: Endpoint, records: Sequence[Golden], limits: Limits, concurrency: int, version: int
) -> Check:
    """Send single CSV records, at most `concurrency` at a time; every answer counts as an error that is not right."""

    def send(number: int) -> Sent:
        one = records[number % len(records)]
        body = bodies.csv_lines([one.record])
        begun = time.perf_counter()
        try:
            (answer,) = endpoint.ask(body, bodies.CSV)
            said = difference(one, answer, version)
        except (BotoCoreError, ClientError, ValueError) as error:
            said = str(error)
        return Sent(time.perf_counter() - begun, said)

    with ThreadPoolExecutor(concurrency) as pool:
        list(pool.map(send, range(concurrency)))  # connections and cold copies
        begun = time.perf_counter()
        sent = list(pool.map(send, range(limits.requests)))
        elapsed = time.perf_counter() - begun
    return held(mode, sent, elapsed, limits)


def held(mode: ModeName, sent: Sequence[Sent], elapsed: float, limits: Limits) -> Check:
    """The figures of a load against the limits; `elapsed` in seconds."""
    errors = [one.error for one in sent if one.error]
    times = sorted(one.seconds * 1000 for one in sent)
    measured = {
        "requests": float(len(sent)),
        "requests_per_second": len(sent) / elapsed,
        "p50_ms": percentile(times, 50),
        "p95_ms": percentile(times, 95),
        "error_share": len(errors) / len(sent),
    }
    over = [
        f"{name} is {measured[name]:.4g}, the limit is {limit:g}"
        for name, limit in (("p50_ms", limits.p50_ms), ("p95_ms", limits.p95_ms), ("error_share", limits.error_share))
        if measured[name] > limit
    ]
    first = f"; the first error: {errors[0]}" if errors else ""
    said = "; ".join(over) if over else f"p50 {measured['p50_ms']:.1f} ms, p95 {measured['p95_ms']:.1f} ms"
    return Check(mode, "load", not over, said + first, measured)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The nearest-rank percentile of rising values."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
