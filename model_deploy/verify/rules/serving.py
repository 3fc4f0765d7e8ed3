"""Names, retention, constants. Each row of a table is one trap; the reasons are CloudFormation's and SageMaker's."""

import re
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

#: Types that a change replaces, and the property with their name.
REPLACED = {
    "AWS::SageMaker::Model": "ModelName",
    "AWS::SageMaker::EndpointConfig": "EndpointConfigName",
    "AWS::SageMaker::DataQualityJobDefinition": "JobDefinitionName",
    "AWS::SageMaker::ModelBiasJobDefinition": "JobDefinitionName",
    "AWS::SageMaker::ModelExplainabilityJobDefinition": "JobDefinitionName",
    "AWS::SageMaker::ModelQualityJobDefinition": "JobDefinitionName",
}

#: Types whose old version a rollback needs, or whose content nobody wants to lose.
RETAINED = {
    "AWS::SageMaker::Model": "a rollback needs the version before",
    "AWS::SageMaker::EndpointConfig": "a rollback needs the version before",
    "AWS::SageMaker::ModelPackageGroup": "the versions in it would be lost",
    "AWS::KMS::Key": "what it encrypted would be lost",
}

#: Types that hold data without being versions of something.
HOLDING = ("AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup")

WRITTEN = re.compile(r"(?<!\d)\d{12}(?!\d)|\b(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d\b|arn:aws:")


class NeverNamed(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9001"
    shortdesc = "No name for what is replaced"
    description = "A replacement of a named Model, EndpointConfig or job definition collides with itself"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-name.html"
    tags = ["sagemaker"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        return [
            RuleMatch(["Resources", logical, "Properties", name], f"{name}: {self.description}")
            for kind, name in REPLACED.items()
            for logical, resource in cfn.get_resources([kind]).items()
            if name in resource.get("Properties", {})
        ]


class Retained(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9002"
    shortdesc = "What a rollback needs is retained"
    description = "UpdateReplacePolicy must be Retain"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatereplacepolicy.html"
    tags = ["sagemaker"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        return [
            RuleMatch(["Resources", logical], f"{self.description}: {why}")
            for kind, why in RETAINED.items()
            for logical, resource in cfn.get_resources([kind]).items()
            if resource.get("UpdateReplacePolicy") != "Retain"
        ]


class Deleted(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9003"
    shortdesc = "A deleted stack leaves nothing"
    description = "DeletionPolicy Retain leaves a resource that costs and that nobody owns"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html"
    tags = ["sagemaker"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        return [
            RuleMatch(["Resources", logical, "DeletionPolicy"], self.description)
            for logical, resource in cfn.get_resources().items()
            if resource.get("DeletionPolicy", "Delete") != "Delete"
        ]


class Stated(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9007"
    shortdesc = "What holds data says what becomes of it"
    description = "DeletionPolicy and UpdateReplacePolicy must be stated for what holds data"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatereplacepolicy.html"
    tags = ["sagemaker"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        return [
            RuleMatch(["Resources", logical], f"{policy} is missing: {self.description}")
            for logical, resource in cfn.get_resources([*RETAINED, *HOLDING]).items()
            for policy in ("DeletionPolicy", "UpdateReplacePolicy")
            if policy not in resource
        ]


class Constant(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9004"
    shortdesc = "Variant names are constant"
    description = (
        "VariantName must be AllTraffic: autoscaling and alarms are bound to it, and an update cannot change it"
    )
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html"
    tags = ["sagemaker"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        found = []
        for logical, resource in cfn.get_resources(["AWS::SageMaker::EndpointConfig"]).items():
            variants = resource.get("Properties", {}).get("ProductionVariants", [])
            for index, variant in enumerate(variants if isinstance(variants, list) else []):
                if isinstance(variant, dict) and variant.get("VariantName") != "AllTraffic":
                    path = ["Resources", logical, "Properties", "ProductionVariants", index]
                    found.append(RuleMatch(path, self.description))
        return found


class Described(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9005"
    shortdesc = "Parameters and outputs are described"
    description = "A parameter, and an output, says in a sentence what it is"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
    tags = ["documentation"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        return [
            RuleMatch([section, name], self.description)
            for section in ("Parameters", "Outputs")
            for name, entry in cfn.template.get(section, {}).items()
            if len(str(entry.get("Description", ""))) < 8
        ]


class WrittenOut(CloudFormationLintRule):  # type: ignore[misc]
    id = "E9006"
    shortdesc = "No account and no region written out"
    description = "An account number or a region stands in the template; use AWS::AccountId, AWS::Region or a parameter"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"
    tags = ["portability"]  # noqa: RUF012

    def match(self, cfn: Any) -> list[RuleMatch]:
        return [
            RuleMatch(["Resources", *path], self.description)
            for path, text in _texts(cfn.template.get("Resources", {}), [])
            if WRITTEN.search(text)
        ]


def _texts(node: Any, path: list[Any]) -> list[tuple[list[Any], str]]:
    if isinstance(node, dict):
        return [found for key, inner in node.items() for found in _texts(inner, [*path, key])]
    if isinstance(node, list):
        return [found for index, inner in enumerate(node) for found in _texts(inner, [*path, index])]
    return [(path, node)] if isinstance(node, str) else []
