"""Endpoints outlive the server: killed, it comes back to what its documents say, and nothing is left over."""

from typing import Any

import pytest
from endpoints_kit import eventually

from local_aws import launch
from local_aws.processes import leftovers
from local_aws.processes.boot.server import MARK


def kill_and_restart(own: Any) -> None:
    own.kill()
    own.up()


def canary(wait: int) -> dict[str, Any]:
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        "WaitIntervalInSeconds": wait,
    }
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}


def test_an_endpoint_comes_back_with_its_weights_and_counts(own: Any) -> None:
    config = own.config(own.model("a"), own.model("b"), weights=(1.0, 0.0))
    name = own.endpoint(config)
    desired = [
        {"VariantName": "variant-1", "DesiredWeight": 0.0},
        {"VariantName": "variant-2", "DesiredWeight": 3.0, "DesiredInstanceCount": 2},
    ]
    own.sagemaker.update_endpoint_weights_and_capacities(EndpointName=name, DesiredWeightsAndCapacities=desired)
    before = own.wait(name)
    own.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    kill_and_restart(own)
    assert own.invoke(name) == b"bx"  # the first request waits until the instances are back
    after = own.wait(name)
    for found in (before, after):
        found.pop("ResponseMetadata")
    assert after == before
    assert len(list((own.home / "serving").glob("*/*/command.json"))) == 3


@pytest.mark.parametrize("moment", ["at once", "while it bakes"])
def test_a_deployment_goes_on(own: Any, moment: str) -> None:
    name = own.endpoint(own.config(own.model("a")))
    new = own.config(own.model("b"))
    own.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=new, DeploymentConfig=canary(3600))
    if moment == "while it bakes":
        eventually(lambda: {own.invoke(name) for _ in range(4)} == {b"ax", b"bx"})
    kill_and_restart(own)
    assert own.wait(name, "Updating")["PendingDeploymentSummary"]["EndpointConfigName"] == new
    eventually(lambda: {own.invoke(name) for _ in range(4)} == {b"ax", b"bx"})
    own.clock(Offset=3600)
    found = own.wait(name)
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", new)
    assert {own.invoke(name) for _ in range(4)} == {b"bx"}


def test_creation_and_deletion_go_on_and_nothing_is_left(own: Any) -> None:
    created, deleted = own.name("created"), own.endpoint(own.config(own.model("a")))
    own.sagemaker.create_endpoint(EndpointName=created, EndpointConfigName=own.config(own.model("c")))
    own.sagemaker.delete_endpoint(EndpointName=deleted)
    kill_and_restart(own)
    assert own.wait(created)["EndpointStatus"] == "InService"
    assert own.invoke(created) == b"cx"
    eventually(lambda: not own.sagemaker.list_endpoints(NameContains=deleted)["Endpoints"])
    own.sagemaker.delete_endpoint(EndpointName=created)
    eventually(lambda: not own.sagemaker.list_endpoints()["Endpoints"])
    assert not list((own.home / "serving").glob("*/*/*"))
    launch.down(own.home)
    assert not leftovers.find(MARK, str(own.home))


def test_what_was_in_service_waits_for_its_image(own: Any) -> None:
    """A server started without the table says InService as before, and answers again with the table."""
    name = own.endpoint(own.config(own.model("a")))
    table = own.images.read_text()
    own.images.write_text("")
    kill_and_restart(own)
    log = own.home / "server.log"
    eventually(lambda: f"The endpoint {name} cannot go on now" in log.read_text())
    assert own.wait(name)["EndpointStatus"] == "InService"
    own.images.write_text(table)
    kill_and_restart(own)
    assert own.invoke(name) == b"ax"
    own.sagemaker.delete_endpoint(EndpointName=name)
    eventually(lambda: not own.sagemaker.list_endpoints()["Endpoints"])
