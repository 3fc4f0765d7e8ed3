"""Buildspecs: what is read, and what is refused by name."""

import pytest

from local_aws.delivery.builds.buildspec import Artifacts, BuildspecError, read

WHOLE = """
version: 0.2
env:
  shell: bash
  variables: {A: 1.10, B: text, C: true, D: 2026-11-21, E: }
  exported-variables: [A, B]
phases:
  install:
    runtime-versions: {python: 3.10}
    commands: make setup
  pre_build:
  build:
    on-failure: ABORT
    commands: [one, two]
    finally: [three]
artifacts:
  base-directory: out
  files: ["**/*"]
  discard-paths: yes
  secondary-artifacts:
    Report: {files: [report.html], name: report}
cache:
  paths: [".venv/**/*"]
"""


def test_a_whole_one() -> None:
    spec = read(WHOLE)
    assert spec.shell == "bash"
    assert spec.variables == {"A": "1.10", "B": "text", "C": "true", "D": "2026-11-21", "E": ""}
    assert spec.exported == ("A", "B")
    assert spec.runtimes == {"python": "3.10"}
    assert spec.phases["install"].commands == ("make setup",)
    assert (spec.phases["build"].commands, spec.phases["build"].finally_) == (("one", "two"), ("three",))
    assert spec.phases["build"].on_failure == "ABORT"
    assert spec.phases["post_build"].commands == ()
    assert spec.artifacts == Artifacts(("**/*",), "out", discard_paths=True)
    assert spec.secondary == {"Report": Artifacts(("report.html",), name="report")}
    assert spec.cached == (".venv/**/*",)


def test_json_is_yaml() -> None:
    assert read('{"version": "0.2", "phases": {"build": {"commands": ["ls"]}}}').phases["build"].commands == ("ls",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no mapping"),
        ("version: 0.1\nphases: {build: {commands: [ls]}}", "version 0.1"),
        ("version: 0.2", "no phases"),
        ("version: 0.2\nphases: [build]", "phases of the buildspec is no mapping"),
        ("version: 0.2\nphases: {deploy: {commands: [ls]}}", "phases.deploy"),
        ("version: 0.2\nphases: {build: {commands: {a: b}}}", "phases.build.commands of the buildspec is no list"),
        ("version: 0.2\nphases: {build: {commands: [[ls]]}}", r"phases.build.commands\[0\]"),
        ("version: 0.2\nphases: {build: {on-failure: RETRY}}", "phases.build.on-failure: RETRY"),
        ("version: 0.2\nphases: {build: {runtime-versions: {python: 3}}}", "in the phase install"),
        ("version: 0.2\nphases: {build: {run-as: me}}", "phases.build.run-as"),
        ("version: 0.2\nphases: {build: {}}\nreports: {x: {}}", "reports"),
        ("version: 0.2\nphases: {build: {}}\nenv: {parameter-store: {A: /a}}", "env.parameter-store"),
        ("version: 0.2\nphases: {build: {}}\nenv: {secrets-manager: {A: a}}", "env.secrets-manager"),
        ("version: 0.2\nphases: {build: {}}\nenv: {shell: powershell.exe}", "env.shell: powershell.exe"),
        ("version: 0.2\nphases: {build: {}}\nartifacts: {secondary-artifacts: {A: {name: b}}}", "at least one"),
        ("version: 0.2\nphases: {build: {}}\nartifacts: {files: [a], s3-prefix: b}", "artifacts.s3-prefix"),
        ("version: 0.2\nphases: {build: [", "no YAML"),
    ],
)
def test_what_cannot_be_followed_is_said(text: str, said: str) -> None:
    with pytest.raises(BuildspecError, match=said):
        read(text)
