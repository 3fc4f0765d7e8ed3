"""What a tuning job tried, as a person reads it."""

from io import StringIO

from rich.console import Console

from mlops.trainings import NO_TRIAL, shown


def trial(value: float | None, kind: str = "Maximize") -> dict[str, object]:
    metric = {"MetricName": "validation:auc", "Type": kind, "Value": value}
    return {
        "TrainingJobName": "t", "TrainingJobStatus": "Failed" if value is None else "Completed",
        "TunedHyperParameters": {"eta": "0.123456"},
        **({} if value is None else {"FinalHyperParameterTuningJobObjectiveMetric": metric}),
    }  # fmt: skip


def printed(*trials: dict[str, object]) -> str:
    console = Console(file=StringIO(), width=200)
    for part in shown({"Trials": {"Tune": list(trials)}}):
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_the_best_trial_is_named_also_without_colours() -> None:
    lines = printed(trial(0.8), trial(None), trial(0.9)).splitlines()
    assert [line.split()[:2] for line in lines if "eta" in line] == [["1", "Completed"], ["2", "Failed"], ["3", "best"]]
    assert "1 best" in printed(trial(0.2, "Minimize"), trial(0.3, "Minimize"))


def test_the_configuration_is_no_trial_and_that_is_said() -> None:
    assert NO_TRIAL in " ".join(printed(trial(0.8)).split())
