"""What an endpoint shall serve, complete in itself: a configuration, its models, and each variant's weight and count.

A target is kept in the endpoint's document, so that an endpoint outlives the deletion of its configuration and models,
as on AWS.
"""

from collections.abc import Collection
from typing import Any

from local_aws import models
from local_aws.endpoints import configs
from local_aws.operations import Aws
from local_aws.serving.definition import containers_of

Document = dict[str, Any]


def target_of(aws: Aws, config_name: str) -> Document:
    """The target of a configuration as it was written.

    Raises AwsError: ValidationException when it or a model is not there, NotImplemented when a model cannot be served.
    """
    config = configs.CONFIG.get(aws, config_name)
    found = {
        variant["VariantName"]: models.describe(aws, variant["ModelName"]) for variant in config["ProductionVariants"]
    }
    images: Document = {}
    for name, model in found.items():
        images[name] = [definition.image for definition in containers_of(aws, model)]
    return {
        "EndpointConfigName": config_name,
        "Config": config,
        "Models": found,
        "Images": images,
        "ResolutionTime": aws.clock.now(),
        "Variants": {
            variant["VariantName"]: {
                "Weight": float(variant.get("InitialVariantWeight", 1.0)),
                "Count": int(variant.get("InitialInstanceCount", 0)),
            }
            for variant in config["ProductionVariants"]
        },
    }


def retained(target: Document, live: Document, excluded: Collection[str]) -> Document:
    """RetainAllVariantProperties: variants of the same name keep the weight and the count that they have now.

    excluded  of ExcludeRetainedVariantProperties: DesiredInstanceCount, DesiredWeight, DataCaptureConfig
    """
    kept = dict(target, Variants=dict(target["Variants"]))
    for name, held in live["Variants"].items():
        if name in kept["Variants"]:
            own = kept["Variants"][name]
            kept["Variants"][name] = {
                "Weight": own["Weight"] if "DesiredWeight" in excluded else held["Weight"],
                "Count": own["Count"] if "DesiredInstanceCount" in excluded else held["Count"],
            }
    if "DataCaptureConfig" not in excluded and "DataCaptureConfig" in live["Config"]:
        kept["Config"] = kept["Config"] | {"DataCaptureConfig": live["Config"]["DataCaptureConfig"]}
    return kept


def smallest(target: Document) -> int:
    """How many instances the smallest variant has."""
    return min(int(held["Count"]) for held in target["Variants"].values())
