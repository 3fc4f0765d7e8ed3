"""The thread of an endpoint without its processes: what each look at the document decides."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
from endpoints_kit import eventually

from local_aws.cloudwatch import alarm_operations, alarms, metrics
from local_aws.cloudwatch.monitor import Monitor
from local_aws.endpoints.document import ENDPOINT
from local_aws.endpoints.endpoints import Endpoints
from local_aws.endpoints.life import InterruptedLife, Life, _Update
from local_aws.operations import Aws
from local_aws.serving import ServingError

NAME = "e"
ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e"


def variants(**found: tuple[float, int]) -> dict[str, Any]:
    return {name: {"Weight": weight, "Count": count} for name, (weight, count) in found.items()}


def target(**found: tuple[float, int]) -> dict[str, Any]:
    production = [{"VariantName": name, "ModelName": "m"} for name in found]
    return {
        "EndpointConfigName": "c",
        "Config": {"ProductionVariants": production},
        "Models": {key: {} for key in found},
        "Images": {key: ["web:1"] for key in found},
        "ResolutionTime": 0.0,
        "Variants": variants(**found),
    }


class Fleet:
    """Remembers what it was asked; `lacking` is the count from which on there are no instances."""

    def __init__(self, lacking: int = 100) -> None:
        self.lacking = lacking
        self.weights: Mapping[str, float] = {}
        self.counts: dict[str, int] = {}
        self.starting = True
        self.stopped = False
        self.groups: dict[str, Any] = {}

    def weigh(self, weights: Mapping[str, float]) -> None:
        self.weights = weights

    def adjust(self, wanted: Mapping[str, dict[str, Any]]) -> None:
        for name, held in wanted.items():
            if held["Count"] >= self.lacking:
                raise ServingError("There is no room.")
            self.counts[name] = held["Count"]
        self.starting = False

    def cancel(self) -> None:
        pass

    def stop(self) -> None:
        self.stopped = True


def life_of(aws: Aws, fleet: Fleet | None = None, **members: Any) -> Life:
    """A life that is not started, of an endpoint with the members of its document."""
    held = {"EndpointName": NAME, "EndpointArn": ARN, "CreationTime": 0.0, "EndpointStatus": "InService"}
    aws.store.put(ENDPOINT.kind, NAME, held | {"Live": target(a=(1.0, 1), b=(2.0, 1))} | members)
    life = Life(aws, NAME, lambda: None, lambda _: None)
    life.fleet = fleet  # type: ignore[assignment]
    return life


def document(aws: Aws) -> dict[str, Any]:
    found = aws.store.get(ENDPOINT.kind, NAME)
    assert found
    return found


# weights and counts


def test_new_weights_and_counts_are_live(aws: Aws) -> None:
    fleet, wanted = Fleet(), variants(a=(0.0, 3), b=(5.0, 2))
    life_of(aws, fleet, EndpointStatus="Updating", Wanted=wanted)._follow()
    assert fleet.weights == {"a": 0.0, "b": 5.0}
    assert fleet.counts == {"a": 3, "b": 2}
    assert document(aws)["Live"]["Variants"] == wanted
    assert (document(aws)["EndpointStatus"], document(aws)["Wanted"]) == ("InService", None)


def test_what_cannot_be_had_leaves_weights_and_counts_as_they_were(aws: Aws) -> None:
    fleet, wanted = Fleet(lacking=9), variants(a=(0.0, 3), b=(5.0, 9))
    life_of(aws, fleet, EndpointStatus="Updating", Wanted=wanted)._follow()
    assert fleet.weights == {"a": 1.0, "b": 2.0}
    assert fleet.counts == {"a": 1, "b": 1}
    assert document(aws)["Live"]["Variants"] == variants(a=(1.0, 1), b=(2.0, 1))
    assert document(aws)["FailureReason"] == "There is no room."
    assert (document(aws)["EndpointStatus"], document(aws)["Wanted"]) == ("InService", None)


# coming back


def test_a_fleet_that_cannot_come_back_is_tried_again(aws: Aws) -> None:
    fleet = Fleet(lacking=1)
    life = life_of(aws)
    life.new_fleet = lambda _: fleet  # type: ignore[assignment, method-assign, return-value]
    for _ in range(2):
        with pytest.raises(ServingError):
            life._follow()
        assert document(aws)["EndpointStatus"] == "InService"
        assert life.route is not None  # requests wait
    fleet.lacking = 100
    life._follow()
    assert fleet.counts == {"a": 1, "b": 1}
    fleet.counts.clear()
    life._follow()
    assert fleet.counts == {}  # what is there is left alone


def test_what_was_never_in_service_fails(aws: Aws) -> None:
    fleet = Fleet(lacking=1)
    life = life_of(aws, fleet, EndpointStatus="Creating", Live=None, Deployment={"Target": target(a=(1.0, 1))})
    life._follow()
    assert (document(aws)["EndpointStatus"], document(aws)["FailureReason"]) == ("Failed", "There is no room.")
    assert fleet.stopped
    assert life.route is None


# the thread


def test_it_looks_once_for_each_change(aws: Aws) -> None:
    looks: list[int] = []
    life = life_of(aws)
    life._follow = lambda: not looks.append(1)  # type: ignore[method-assign, func-returns-value]
    life.start()
    for number in (1, 2):
        eventually(lambda number=number: len(looks) == number)  # type: ignore[misc]
        if number == 1:
            life.wake()
    time.sleep(0.05)
    assert len(looks) == 2
    life.end()
    life.join()
    assert not life._thread.is_alive()


def test_without_its_document_there_is_nothing_to_serve(aws: Aws) -> None:
    fleet = Fleet()
    life = life_of(aws, fleet)
    aws.store.delete(ENDPOINT.kind, NAME)
    assert life._follow() is False
    assert fleet.stopped
    assert life.route is None


# a deployment that is watched


def update(aws: Aws, *names: str) -> _Update:
    rollback = {"Alarms": [{"AlarmName": name} for name in names]}
    return _Update(life_of(aws, Fleet()), {"Config": {"AutoRollbackConfiguration": rollback}, "Reason": ""})


def test_a_new_fleet_is_made_once_however_often_it_is_launched(aws: Aws) -> None:
    """The commit behind it may fail for want of room: what runs already is not left to itself."""
    made: list[Fleet] = []

    def new_fleet(_: Any) -> Any:
        made.append(Fleet())
        return made[-1]

    going = update(aws)
    going._going["Target"] = target(a=(1.0, 2))
    going._life.new_fleet = new_fleet  # type: ignore[method-assign]
    going.launch()
    going.launch()
    assert [fleet.counts for fleet in made] == [{"a": 2}]
    assert going._life.green is made[0]


ALARM = {
    "AlarmName": "errors",
    "Namespace": "N",
    "MetricName": "M",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def test_an_alarm_that_is_gone_rolls_back(aws: Aws) -> None:
    alarm_operations.put_metric_alarm(aws, dict(ALARM))
    reason = update(aws, "errors", "gone").bake(0)
    assert reason == "The alarm gone, which watches the deployment, does not exist."


def test_an_alarm_rolls_back_before_the_time_is_over(aws: Aws) -> None:
    alarm_operations.put_metric_alarm(aws, dict(ALARM))
    with aws.store.transaction():
        alarms.transition(aws, alarms.find(aws, "errors"), "ALARM", "planted")
    assert update(aws, "errors").bake(aws.clock.now() + 1e6) == "The alarm errors is in the state ALARM."


def test_minutes_that_ended_while_it_was_watched_count(aws: Aws) -> None:
    """The monitor may be late: the last look is the deployment's own."""
    aws.clock.set(rate=1e-9)  # the minute stays
    alarm_operations.put_metric_alarm(aws, dict(ALARM))
    metric = metrics.Metric("N", "M")
    minute = aws.clock.now() // 60 * 60
    metrics.record(aws, [metrics.Datum(metric, minute - at, ((1.0, 1.0),)) for at in (0.5, 30.0)])
    aws.part(Monitor).evaluate()
    assert alarms.find(aws, "errors")["StateValue"] == "ALARM"
    with aws.store.transaction():
        alarms.transition(aws, alarms.find(aws, "errors"), "OK", "as the monitor left it")
    assert update(aws, "errors").bake(0) == "The alarm errors is in the state ALARM."


def test_a_quiet_alarm_lets_it_through(aws: Aws) -> None:
    alarm_operations.put_metric_alarm(aws, dict(ALARM))
    assert update(aws, "errors").bake(0) == ""


def test_nothing_is_written_over_a_deletion(aws: Aws) -> None:
    life = life_of(aws, Fleet(), EndpointStatus="Deleting")
    with pytest.raises(InterruptedLife):
        life._change({"EndpointStatus": "InService"})
    assert document(aws)["EndpointStatus"] == "Deleting"


# all of them


def test_a_new_endpoint_of_a_name_that_goes_gets_its_own_life(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is created between the deletion's commit and the end of the old one's thread."""
    followed: list[str] = []
    endpoints = aws.part(Endpoints)
    endpoints._lives[NAME] = life_of(aws)
    monkeypatch.setattr(Life, "start", lambda life: followed.append(life.name))
    endpoints._forget(NAME)
    assert followed == [NAME]
    aws.store.delete(ENDPOINT.kind, NAME)
    endpoints._forget(NAME)
    assert followed == [NAME]
    assert endpoints._lives == {}


def test_a_deleted_endpoint_is_forgotten_by_its_own_thread(aws: Aws) -> None:
    gone: list[str] = []
    life_of(aws, EndpointStatus="Deleting")
    life = Life(aws, NAME, lambda: None, gone.append)
    life.start()
    eventually(lambda: gone == [NAME])
    assert aws.store.get(ENDPOINT.kind, NAME) is None
