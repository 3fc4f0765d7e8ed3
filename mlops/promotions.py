"""What the promotion function makes of an approval: which execution it started, or why it starts none."""

import time
from dataclasses import replace

from contract.documents import Document
from contract.errors import InputError
from mlops import bootstrapping, deployments, stacks
from mlops.bootstrapping import Choices
from mlops.failures import RunError
from mlops.projects import STAGES, Project
from mlops.stacks import Say
from mlops.target import Target
from model_deploy.promotion import services
from model_deploy.promotion.decisions import decide
from model_deploy.promotion.ledger import ConflictError
from model_deploy.promotion.plans import plan
from model_deploy.promotion.reconcile import look
from model_deploy.promotion.state import APPROVED, Live, Seen, State

#: Seconds until an approval's event must have begun a deployment, when nothing else is under way.
PATIENCE = 180.0


def ready(project: Project, target: Target, bucket: str, say: Say) -> None:
    """See to it that the project's stack is there before something is approved.

    On this machine it is brought up to date, tree included; in an account that is a person's decision.
    Raises InputError with the command that does it, RunError when the stack fails or a stage's stack is stuck.
    """
    check_stages(project)
    _READY[target](project, bucket, say)


def check_stages(project: Project) -> None:
    """Raises RunError for a stage whose stack no deployment can change, with the way out."""
    for stage in STAGES:
        name = project.stage_stack(stage)
        if (stack := stacks.find(name)) and stack["StackStatus"] in stacks.STUCK:
            raise RunError(stacks.way_out(name))


def _bring_up(project: Project, bucket: str, say: Say) -> None:
    bootstrapping.bootstrap(project, Choices(), bucket, say)


def _ask_for(project: Project, _bucket: str, _say: Say) -> None:
    if "DeployPipelineName" not in outputs(project):
        raise InputError(f"The project's stack is not there: mlops bootstrap {project.name} --target aws makes it.")


_READY = {Target.local: _bring_up, Target.aws: _ask_for}


def outputs(project: Project) -> dict[str, str]:
    """Those of the project's stack; empty when it is not there."""
    return stacks.outputs(stacks.find(project.stack) or {})


def connect(project: Project) -> services.Services:
    """What promotion works with, from here. Raises InputError when the project's stack is not there."""
    found = outputs(project)
    if "DeployPipelineName" not in found:
        raise InputError(f"Nothing of {project.name} was deployed yet: `mlops approve {project.name}` begins.")
    return services.connect(
        {
            "SAGEMAKER_PROJECT_NAME": project.name,
            "SOURCE_MODEL_PACKAGE_GROUP_NAME": project.group,
            "ARTIFACT_BUCKET": found["BucketName"],
            "LEDGER_PREFIX": f"ledger/{project.name}/",
            "DEPLOY_PIPELINE_NAME": found["DeployPipelineName"],
            "NOTIFICATION_TOPIC_ARN": found["NotificationTopicArn"],
        }
    )


def state(project: Project) -> State:
    """What the ledger adds up to."""
    return connect(project).ledger.read()


def before(now: State) -> State:
    """The state as it was before the deployment that it has opened."""
    return replace(now, sequence=now.open.sequence - 1) if now.open else now


def under_way(now: State, package: Document) -> bool:
    """Whether a version is approved, and its deployment is on its way or has ended well in production."""
    version = package["ModelPackageVersion"]
    if package["ModelApprovalStatus"] != APPROVED or now.versions.get(version, Seen("", 0)).status != APPROVED:
        return False
    if now.open is not None and now.open.version == version:
        return not now.open.ending
    return now.live == Live(version, proved=True) and not now.hold


def overtaken(project: Project, version: int) -> str:
    """What a person should know before approving `version`: that a newer one goes first. Empty when none does."""
    with_ = connect(project)
    while True:
        try:
            world = look(with_, {})
        except ConflictError:  # promotion writes while we look
            continue
        first = world.state.open or plan(world)  # between two deployments nothing is open
        behind = world.state.live is not None and version <= world.state.live.version
        return _goes_first(first.version, version) if first and first.version > version and not behind else ""


def _goes_first(newer: int, version: int) -> str:
    return f"Version {newer}, newer, is under way: version {version} is deployed only if that fails or is declined."


def settled(project: Project, identifier: str) -> State:
    """The ledger's state when promotion has taken note of the end of an execution and begun what follows from it.

    As it is after a while, where promotion does not answer.
    """
    with_, begun = connect(project), time.monotonic()
    while True:
        now = with_.ledger.read()
        follows = now.open is not None and now.open.execution not in ("", identifier)
        age = time.monotonic() - begun
        if follows or (now.open is None and _idle(with_, now)) or age > PATIENCE:
            return now
        time.sleep(stacks.pause(age))


def successor(project: Project, version: int, identifier: str) -> str | None:
    """The execution that promotion starts for the same version after it has ended `identifier` for a newer commit.

    None when the deployment has ended otherwise, or another version overtook it.
    """
    now = settled(project, identifier)
    last = now.attempts.get(version)
    if (last and last.execution == identifier) or now.open is None or now.open.version != version:
        return None
    return now.open.execution or None


def begun(project: Project, version: int, before: State, say: Say) -> str | None:
    """The execution that deploys `version` after its approval, once promotion has started it.

    before  the ledger's state before the approval
    None when promotion has decided and starts none, or a newer version waits for a person: `standing` says why.
    Raises RunError when it does not answer.
    """
    with_, heard, told = connect(project), time.monotonic(), 0
    while True:
        now = with_.ledger.read()
        if found := _execution(now, version, before):
            return found
        if _recorded(now, version, before) and _idle(with_, now):
            return None
        if now.open is not None:
            if _behind(with_, now, version):
                return None
            heard, other = time.monotonic(), now.open.version
            if other not in (version, told) and (other < version or now.hold == version):
                say(f"version {other} is under way, version {version} follows it")
                told = other
        if time.monotonic() - heard > PATIENCE:
            raise RunError(_silence(project, version))
        time.sleep(stacks.pause(time.monotonic() - heard))


def _idle(with_: services.Services, now: State) -> bool:
    """Whether promotion has nothing to do until something changes, and has done nothing since `now`."""
    try:
        world = look(with_, {})
        return world.state.sequence == now.sequence and decide(world) is None
    except ConflictError:  # it writes while we look
        return False


def _behind(with_: services.Services, now: State, version: int) -> bool:
    """Whether a newer version waits for its second approval, which may take days, and `version` comes after it."""
    opened, seen = now.open, now.versions.get(version)
    if opened is None or opened.version <= version or opened.ending or now.hold == version:
        return False
    if seen is None or seen.status != APPROVED or not _idle(with_, now):
        return False
    approval = deployments.waiting(with_.pipeline.name)
    return approval is not None and approval["PipelineExecutionId"] == opened.execution


def _execution(now: State, version: int, before: State) -> str | None:
    """Of the open deployment, or of one that began after `before` and has ended in the meantime."""
    if now.open and now.open.version == version:
        return now.open.execution or None
    last = now.attempts.get(version)
    return last.execution or None if last and last.sequence > before.sequence else None


def _recorded(now: State, version: int, before: State) -> bool:
    """Whether promotion knows of the approval, or need not: then what follows from it is decided."""
    seen = now.versions.get(version)
    if seen is None or seen.status != APPROVED or now.open is not None:
        return False
    return seen.sequence > before.sequence or _settled(now, version)


def _settled(now: State, version: int) -> bool:
    live = now.live
    return live is not None and (version < live.version or (version == live.version and live.proved))


def standing(now: State, version: int) -> str:
    """Why an approved version is not live, in a sentence."""
    live = now.live
    if now.open and now.open.version == version:
        return f"Version {version} is on its way: mlops deployments shows how far, and what it waits for."
    if live and live.version == version and live.proved:
        return f"Version {version} is live already."
    if live and live.version == version:
        return f"Version {version} was brought to production and failed its proof there: approve it again to retry."
    if live and version < live.version:
        return f"Version {version} is older than version {live.version}, which is live: mlops rollback goes back."
    if now.open and now.open.version > version:
        return _goes_first(now.open.version, version)
    if now.hold:
        return f"A rollback holds version {now.hold}."
    if last := now.attempts.get(version):
        return f"The last deployment of version {version} {last.outcome}; mlops approve tries it again."
    return f"Version {version} waits for nothing and is not deployed: mlops deployments shows what happened."


def _silence(project: Project, version: int) -> str:
    """The function said nothing: its own log may say why."""
    group = f"/aws/lambda/{project.name}-{project.id}-promotion"
    said = "\n".join(deployments.newest_log(group, 20))
    return f"No deployment of version {version} began within {PATIENCE:.0f} s. The end of the log {group}:\n{said}"
