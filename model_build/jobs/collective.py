"""XGBoost over several hosts: its own collective, which the first host's tracker brings together.

Every host holds a shard of the training rows and all validation rows; the histograms of the shards are summed up, so
that each host grows the same trees. https://xgboost.readthedocs.io/en/stable/tutorials/dask.html tells the principle.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from xgboost import collective
from xgboost.tracker import RabitTracker

from model_build.jobs.hosts import Hosts

T = TypeVar("T")


@contextmanager
def joined(hosts: Hosts) -> Iterator[None]:
    """Within it XGBoost trains together with the other hosts. Raises InputError when they do not find each other."""
    if not hosts.several:
        yield
        return
    trackers: list[RabitTracker] = []

    def track(_: Sequence[bytes]) -> bytes:
        tracker = RabitTracker(n_workers=len(hosts.names), host_ip=hosts.address(), sortby="task")
        tracker.start()
        trackers.append(tracker)
        return json.dumps(tracker.worker_args()).encode()

    arguments: dict[str, Any] = json.loads(hosts.exchange(b"", track))
    # Ranks by name, so that sums are made in the same order each time.
    collective.init(**arguments, dmlc_task_id=f"{hosts.rank:06d}")
    yield
    # Not after an error: it would wait for the others, which the platform ends when one host has failed.
    collective.finalize()
    for tracker in trackers:
        tracker.wait_for()


def of_each(value: T) -> list[T]:
    """The value of each host, in their order. `value` alone outside of `joined`."""
    return [_of(root, value) for root in range(collective.get_world_size())]


def of_first(value: T) -> T:
    """The first host's value, on every host."""
    return _of(0, value)


def _of(root: int, value: T) -> T:
    found: tuple[T] = collective.broadcast((value,), root)  # None by itself cannot be sent
    return found[0]
