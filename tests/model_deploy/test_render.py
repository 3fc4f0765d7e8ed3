"""From an approved package and a stage to what CodePipeline takes."""

import json
from itertools import combinations
from typing import Any

import pytest

from contract.errors import InputError
from model_deploy import stages, template
from model_deploy.build import PACKAGE, write
from model_deploy.config import Security, Stage
from model_deploy.modes import MODES
from model_deploy.project import Project, from_environment
from model_deploy.render import Rendered, project_template, render
from model_deploy.verify import configuration
from model_deploy.verify.resolve import resolve
from tests.model_deploy.conftest import PROJECT, package

CREDIT = stages.project("credit")


def rendered(name: str = "staging", **changes: Any) -> Rendered:
    return render(package(), stages.load(CREDIT, name).model_copy(update=changes), PROJECT)


def test_equal_input_gives_equal_bytes() -> None:
    assert template.dumps(rendered().template) == template.dumps(rendered().template)


def test_the_written_template_reads_back_as_it_was() -> None:
    whole = rendered("prod").template
    assert template.loads(template.dumps(whole), "prod") == whole


def test_the_configuration_is_text_and_nothing_is_missing_or_superfluous() -> None:
    for name in stages.NAMES:
        one = rendered(name)
        assert list(configuration.check(one.template, one.configuration)) == []
        assert all(isinstance(value, str) for value in one.configuration["Parameters"].values())


SETS = [modes for size in range(1, len(MODES) + 1) for modes in combinations(MODES, size)]


@pytest.mark.parametrize("modes", SETS)
def test_every_set_of_modes_gives_its_templates_and_no_more(modes: tuple[Any, ...]) -> None:
    one = rendered("prod", modes=modes)
    assert list(configuration.check(one.template, one.configuration)) == []
    expected = {name for mode in modes for name in template.read(MODES[mode].template)["Resources"]}
    assert set(one.template["Resources"]) == expected


def test_numbers_arrive_in_the_units_of_aws() -> None:
    stack = resolve(rendered("prod").template, rendered("prod").configuration["Parameters"])
    alarm = stack.resources["RealTimeLatencyAlarm"].properties
    assert (alarm["Threshold"], alarm["ExtendedStatistic"]) == (500_000, "p95")
    routing = stack.resources["RealTimeEndpoint"].properties["DeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert routing["TrafficRoutingConfiguration"] == {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        "WaitIntervalInSeconds": 300,
    }


def test_tags_of_the_stage_and_of_the_convention() -> None:
    tags = rendered(tags={"team": "risk"}).configuration["Tags"]
    assert tags == {
        "team": "risk",
        "sagemaker:project-name": "credit",
        "sagemaker:project-id": "p-demo",
        "sagemaker:deployment-stage": "staging",
    }


def test_production_in_another_account_has_its_own_role() -> None:
    other = Project(**{**vars(PROJECT), "accounts": {"prod": "444455556666"}})
    given = render(package(), stages.load(CREDIT, "prod"), other).configuration["Parameters"]
    assert given["ModelExecutionRoleArn"] == "arn:aws:iam::444455556666:role/credit-p-demo-model"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ModelApprovalStatus": "PendingManualApproval"}, "only an approved version is deployed"),
        ({"ModelApprovalStatus": "Rejected"}, "is Rejected"),
        ({"InferenceSpecification": {"Containers": []}}, "has no container"),
        (
            {"InferenceSpecification": {"Containers": [{}, {}, {}]}},
            "3 containers, AWS refuses them in the mode serverless",
        ),
        (
            {"InferenceSpecification": {"Containers": [{}], "SupportedTransformInstanceTypes": ["ml.c5.xlarge"]}},
            "batch.instance_type",
        ),
    ],
)
def test_a_package_that_cannot_be_served_so_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as refused:
        render(package(**changes), stages.load(CREDIT, "staging"), PROJECT)
    assert sentence in str(refused.value)


def test_a_key_of_another_region_is_refused() -> None:
    key = "arn:aws:kms:eu-central-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef"
    stage = stages.load(CREDIT, "staging").model_copy(update={"security": Security(kms_key=key)})
    with pytest.raises(InputError, match=r"security\.kms_key: the key is in eu-central-1"):
        render(package(), stage, PROJECT)


def test_templates_that_disagree_do_not_join() -> None:
    with pytest.raises(InputError, match=r"Parameters\.A differently"):
        template.joined([{"Parameters": {"A": 1}}, {"Parameters": {"A": 2}}], "both")


def test_the_project_without_the_roles_of_the_stages() -> None:
    assert set(template.read("roles.yml")["Resources"]) & set(project_template(with_roles=False)["Resources"]) == set()


def test_the_environment_of_the_build() -> None:
    environment = {
        "SAGEMAKER_PROJECT_NAME": "credit",
        "SAGEMAKER_PROJECT_ID": "p-demo",
        "AWS_REGION": "us-east-1",
        "MODEL_EXECUTION_ROLE_ARN": PROJECT.execution_role,
        "SOURCE_MODEL_PACKAGE_GROUP_NAME": "credit-p-demo",
        "ARTIFACT_BUCKET": "sagemaker-project-p-demo",
        "PROD_ACCOUNT_ID": "444455556666",
    }
    assert from_environment(environment).accounts == {"prod": "444455556666"}
    with pytest.raises(InputError, match="lacks SAGEMAKER_PROJECT_NAME, ARTIFACT_BUCKET"):
        from_environment({**environment, "SAGEMAKER_PROJECT_NAME": "", "ARTIFACT_BUCKET": ""})


def test_the_files_of_the_artifact(tmp_path: Any) -> None:
    write([rendered(name) for name in stages.NAMES], package(), tmp_path)
    expected = {f"{name}-{end}" for name in stages.NAMES for end in ("template-export.yml", "config-export.json")}
    assert {path.name for path in tmp_path.iterdir()} == expected | {PACKAGE}
    assert json.loads((tmp_path / PACKAGE).read_text())["ModelPackageVersion"] == 3


def test_a_stage_refuses_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="extra"):
        Stage.model_validate({"name": "prod", "modes": ["batch"], "monitors": {}})
