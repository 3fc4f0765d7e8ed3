"""Is this template one that AWS takes and that does what the stage asks for? Answered before anything is deployed.

Three looks: cfn-lint with every level and the project's rules at the template as written; the template resolved for the
given parameters, and for every switch turned the other way; each resolved resource against the request it becomes.
"""

from collections.abc import Callable, Iterator, Mapping

from contract.documents import Document
from contract.errors import InputError
from model_deploy.verify import (
    api,
    arns,
    batches,
    configuration,
    delivery,
    endpoints,
    events,
    iam,
    intent,
    lint,
    names,
    permissions,
    scaling,
    sharing,
    shifting,
    storage,
)
from model_deploy.verify.findings import Finding
from model_deploy.verify.resolve import Stack, resolve
from model_deploy.verify.variants import variants

__all__ = ["Finding", "resolved", "verify", "verify_project"]

Check = Callable[[Stack], Iterator[Finding]]

#: What a stage's template and the project's template are held to.
CHECKS: tuple[Check, ...] = (
    api.check,
    endpoints.check,
    shifting.check,
    scaling.check,
    batches.check,
    events.check,
    iam.check,
    storage.check,
    names.check,
    arns.check,
)
STAGE: tuple[Check, ...] = (*CHECKS, intent.check)
PROJECT: tuple[Check, ...] = (*CHECKS, delivery.check, permissions.check, sharing.check)


def verify(template: Document, given: Document) -> list[Finding]:
    """Findings of a stage's template. `given` is the template configuration: {"Parameters": …, "Tags": …}."""
    found = [*lint.check(template), *configuration.check(template, given)]
    return sorted({*found, *resolved(template, given["Parameters"], STAGE)})


def verify_project(template: Document, parameters: Mapping[str, str]) -> list[Finding]:
    """Findings of the project's own template, with or without the roles of the stages."""
    found = [*lint.check(template), *configuration.check(template, {"Parameters": dict(parameters)})]
    return sorted({*found, *resolved(template, parameters, PROJECT)})


def resolved(template: Document, parameters: Mapping[str, str], checks: tuple[Check, ...]) -> Iterator[Finding]:
    """Findings under the parameters and under their variants."""
    for given in variants(template, parameters):
        try:
            stack = resolve(template, given)
        except InputError as error:
            yield Finding("Template", "resolve", str(error))
            continue
        for check in checks:
            try:
                yield from check(stack)
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                yield Finding("Template", "form", f"{check.__module__} cannot read a value: {error}")
