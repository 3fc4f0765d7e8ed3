"""What people do, and what befalls a deployment: the steps of a scenario."""

from tests.model_deploy.promotion.play import Play, Step

#: Ticks from an approval to the end of its execution, and some more.
MOMENTS = range(10)


def approve(version: int) -> Step:
    def step(play: Play) -> None:
        play.judge.person(version)
        play.judge.refused.discard(version)
        play.status(version, "Approved")

    return step


def reject(version: int) -> Step:
    def step(play: Play) -> None:
        play.judge.person(*[one for one in play.judge.lived if one < version])
        play.status(version, "Rejected")

    return step


def once(step: Step, version: int, status: str) -> Step:
    """What a race may have brought already."""

    def unless(play: Play) -> None:
        if version not in play.cloud.packages or play.cloud.packages[version].status != status:
            step(play)

    return unless


def reject_if_there(version: int) -> Step:
    """For a race before the version exists: nothing."""

    def step(play: Play) -> None:
        if version in play.cloud.packages:
            reject(version)(play)

    return step


def breaks(stage: str, version: int, times: int = 99) -> Step:
    """From here on an action fails."""
    return lambda play: play.cloud.failing.update({(stage, version): times})


def touch(version: int) -> Step:
    """Somebody edits the metadata: the event tells the approval once more."""

    def step(play: Play) -> None:
        play.cloud.now += 1
        play.cloud.packages[version].modified = play.cloud.now
        play.cloud.package_event(version, ["CustomerMetadataProperties"])

    return step


def ticks(count: int) -> Step:
    def step(play: Play) -> None:
        for _ in range(count):
            play.tick()

    return step


def settle(play: Play) -> None:
    play.settle()


def promote(play: Play) -> None:
    play.settle()
    play.promote()
    play.settle()


def let_in(play: Play) -> None:
    """A person promotes, and something else happens in the same moment."""
    play.promote()


def decline(play: Play) -> None:
    play.settle()
    play.promote("Rejected")
    play.settle()


def expire(play: Play) -> None:
    """The approval's time is over."""
    play.settle()
    if (run := play.cloud.waiting()) is not None:
        play.cloud._set(run, "ApproveDeployment", "Failed", "The approval timed out")
        play.cloud.end(run, "Failed")


def eager(play: Play) -> None:
    """From here on a person promotes whatever waits, at once."""
    play.eager = True


def commit(play: Play) -> None:
    play.judge.person(*play.cloud.packages)
    play.cloud.begin("newest")


def by_hand(version: int) -> Step:
    def step(play: Play) -> None:
        play.cloud.begin(f"arn:aws:sagemaker:us-east-1:111122223333:model-package/credit/{version}")

    return step


def stop(play: Play) -> None:
    """A person stops what runs, as soon as there is something: a fault may have held up its start."""
    for _ in range(len(MOMENTS)):
        if any(run.status == "InProgress" for run in play.cloud.runs):
            break
        play.tick()
    for run in play.cloud.runs:
        if run.status == "InProgress":
            play.cloud.stop_pipeline_execution(run.id, abandon=not run.running.startswith("Deploy"))


def stop_and_wait(play: Play) -> None:
    """A person stops an execution that waits for its approval, and lets the action end."""
    if (run := play.cloud.waiting()) is not None:
        play.cloud.stop_pipeline_execution(run.id, abandon=False)


def delete(version: int) -> Step:
    def step(play: Play) -> None:
        del play.cloud.packages[version]

    return step


def withdraw(version: int) -> Step:
    return lambda play: play.status(version, "PendingManualApproval")


def rollback(to: int | None, stage: str = "prod") -> Step:
    return lambda play: play.rollback(stage, to)


def retry(play: Play) -> None:
    play.retry()


def mended(play: Play) -> None:
    """A person has continued the stack's rollback."""
    play.cloud.stuck = False


def late_double(version: int) -> Step:
    """The event of the first approval, delivered once more."""

    def step(play: Play) -> None:
        play.cloud.events.append(
            next(dict(one) for one in play.history if one.get("detail", {}).get("ModelPackageVersion") == version)
        )

    return step
