"""All that serves one configuration of an endpoint: a group of instances for each production variant."""

from collections.abc import Mapping
from typing import Any

from local_aws.endpoints.asynchronous.group import Asynchronous
from local_aws.endpoints.group import Group, Kind
from local_aws.endpoints.serverless.group import Serverless
from local_aws.endpoints.turns import Turns
from local_aws.operations import Aws

Document = dict[str, Any]

#: What a configuration or a variant has → how its instances live; the first that fits, else `Group`.
#: ("AsyncInferenceConfig" of the configuration, "ServerlessConfig" of the variant.)
KINDS: dict[str, Kind] = {"AsyncInferenceConfig": Asynchronous, "ServerlessConfig": Serverless}


def kind_of(config: Document, variant: Document) -> Kind:
    return next((kind for member, kind in KINDS.items() if member in config or member in variant), Group)


class Fleet:
    """The groups of a target (see `targets`); `weights` decides who gets a request."""

    def __init__(self, aws: Aws, endpoint: str, target: Document) -> None:
        config = target["Config"]
        self.config_name: str = target["EndpointConfigName"]
        self.groups: dict[str, Group] = {
            variant["VariantName"]: kind_of(config, variant)(
                aws, endpoint, config, variant, target["Models"][variant["VariantName"]]
            )
            for variant in config["ProductionVariants"]
        }
        self._turns: Turns[Group] = Turns([])
        self.weigh({name: held["Weight"] for name, held in target["Variants"].items()})

    @property
    def starting(self) -> bool:
        """Some variant has not come up yet."""
        return any(group.starting for group in self.groups.values())

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Weights by variant; where all are 0, all are equal."""
        equal = not any(weights.values())
        self._turns = Turns([(self.groups[name], 1.0 if equal else weight) for name, weight in weights.items()])

    def adjust(self, variants: Mapping[str, Document]) -> None:
        """Instances and settings as the variants of a target have them. Raises AwsError or ServingError."""
        for name, held in variants.items():
            self.groups[name].adjust(held)

    def cancel(self) -> None:
        for group in self.groups.values():
            group.cancel()

    def stop(self) -> None:
        for group in self.groups.values():
            group.stop()

    def pick(self, variant: str | None) -> Group | None:
        """The named group, or whose turn it is; None when there is no such variant."""
        return self.groups.get(variant) if variant else self._turns.next()


class Route:
    """Where the requests to an endpoint go: to one fleet, or to two while traffic shifts."""

    def __init__(self, shares: list[tuple[Fleet, float]]) -> None:
        self.fleets = [fleet for fleet, share in shares if share > 0]
        self._turns = Turns(shares)

    def pick(self, variant: str | None = None) -> Group | None:
        fleet = self._turns.next()
        return fleet.pick(variant) if fleet else None
