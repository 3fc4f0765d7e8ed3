"""The template configuration: values that no pattern of the template tells from good ones."""

from typing import Any

import pytest

from model_deploy.verify import configuration

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
PACKAGE = "arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/3"
TAGS = dict.fromkeys(configuration.TAGS, "x")

GOOD: dict[str, str] = {
    "BatchInputFilter": "$[1:]",
    "BatchSchedule": "",
    "BatchTimezone": "Europe/Berlin",
    "DataBucketName": "data.of-credit",
    "KmsKeyArn": KEY.replace("eu-west-1", "us-east-1"),
    "ModelPackageName": PACKAGE,
    "RealTimeOffHoursStart": "cron(0 20 * * ? *)",
    "SecurityGroupIds": "sg-1",
    "SubnetIds": "subnet-1,subnet-2",
}

BAD = {
    "filter": ({"BatchInputFilter": "$[["}, "has no operator"),
    "hour": ({"BatchSchedule": "cron(0 25 * * ? *)"}, "25 is no hour"),
    "zone": ({"BatchTimezone": "Europe/Bern"}, "no such time zone"),
    "bucket": ({"DataBucketName": "a..b"}, "beside a dot"),
    "key": ({"KmsKeyArn": KEY}, "the key is in eu-west-1"),
    "window": ({"RealTimeOffHoursStart": "rate(1 minutes)"}, "rate takes minute for 1"),
    "subnet": ({"SubnetIds": "subnet-1,"}, "an id is empty"),
    "subnets": ({"SubnetIds": "subnet-1,subnet-1"}, "stands there twice"),
}


def found(given: dict[str, Any], tags: dict[str, Any]) -> list[str]:
    declared = {"Parameters": {name: {"Type": "String"} for name in GOOD}}
    return [str(one) for one in configuration.check(declared, {"Parameters": given, "Tags": tags})]


def test_good_values_are_taken() -> None:
    assert found(GOOD, TAGS | {"team": "risk"}) == []


@pytest.mark.parametrize("fault", BAD)
def test_a_value_that_aws_would_refuse_is_found(fault: str) -> None:
    change, said = BAD[fault]
    (one,) = found(GOOD | change, TAGS)
    assert said in one


@pytest.mark.parametrize("tags", [{"": "x"}, {"aws:owner": "x"}, {"a#b": "x"}, {"team": 7}], ids=str)
def test_tags_that_aws_would_refuse_are_found(tags: dict[str, Any]) -> None:
    assert len(found(GOOD, TAGS | tags)) == 1
