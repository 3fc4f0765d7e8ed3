"""The program that runs a build's commands: `agent.py PLAN`. It needs nothing but the standard library.

As in CodeBuild, each command is a script of its own that begins in the folder, and with the variables, in which the one
before ended; what was started in the background goes on until the build ends.

It tells of itself in lines of its output that begin with the plan's mark; everything else there is the build's log.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

Document = dict[str, Any]

#: How a command's script ends: what the next one shall find.
EPILOGUE = """
CODEBUILD_LAST_EXIT=$?
export -p > {state}
pwd > {folder}
exit $CODEBUILD_LAST_EXIT
"""

#: Characters of a command in a phase's message, which reaches the server in one piece whatever else writes meanwhile.
LONGEST = 900

#: Runtimes of `runtime-versions` and how each tells its version.
RUNTIMES = {
    "python": ("python3", "--version"),
    "nodejs": ("node", "--version"),
    "java": ("java", "-version"),
    "golang": ("go", "version"),
    "ruby": ("ruby", "--version"),
    "php": ("php", "--version"),
    "dotnet": ("dotnet", "--version"),
}


class Agent:
    """One build. `plan` holds Mark, Shell, Folder, State, Environment, Phases, Runtimes and Exported."""

    def __init__(self, plan: Document) -> None:
        self.plan = plan
        self.kept = Path(plan["State"])
        self.state, self.folder = self.kept / "env.sh", self.kept / "dir.txt"
        self.marks = {name: value for name, value in os.environ.items() if name.startswith("LOCAL_AWS_")}
        self.succeeding = True

    def run(self) -> None:
        """All phases in CodeBuild's order."""
        self.kept.mkdir(parents=True, exist_ok=True)
        self.state.write_text("".join(_export(item) for item in {**self.plan["Environment"], **self.marks}.items()))
        self.folder.write_text(self.plan["Folder"])
        for phase in self.plan["Phases"]:
            if not self.phase(phase):
                break
        (self.kept / "exported.json").write_text(json.dumps(self.exported()))

    def phase(self, phase: Document) -> bool:
        """False when the build ends with it.

        https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
        """
        name, on_failure = phase["Name"], phase["OnFailure"]
        self.tell({"Enter": name})
        self.say(f"Entering phase {name}")
        self.append(f"CODEBUILD_BUILD_SUCCEEDING={int(self.succeeding)}")
        failure = self.runtimes() if name == "INSTALL" else None
        failure = failure or self.commands(phase["Commands"])
        failure = self.commands(phase["Finally"]) or failure
        code, message = failure or ("", "")
        self.say(f"Phase complete: {name} State: {'FAILED' if failure else 'SUCCEEDED'}")
        self.say(f"Phase context status code: {code} Message: {message}")
        self.tell({"Leave": name, "Failed": bool(failure), "Code": code, "Message": message})
        if not failure:
            return True
        self.succeeding = False
        return on_failure == "CONTINUE" or (on_failure == "" and name in ("BUILD", "POST_BUILD"))

    def commands(self, commands: list[str]) -> tuple[str, str] | None:
        """The first failure, behind which no command runs."""
        for command in commands:
            self.say(f"Running command {command}")
            code = self.command(command)
            if code != 0:
                self.say(f"Command did not exit successfully {command} exit status {code}")
                return (
                    "COMMAND_EXECUTION_ERROR",
                    f"Error while executing command: {command}. Reason: exit status {code}",
                )
        return None

    def command(self, command: str) -> int:
        script = self.kept / "script.sh"
        epilogue = EPILOGUE.format(state=shlex.quote(str(self.state)), folder=shlex.quote(str(self.folder)))
        script.write_text(f"{self.prologue()}set -a\n{command}\n{epilogue}")
        return self.shell(script).returncode

    def prologue(self) -> str:
        return f'. {shlex.quote(str(self.state))}\ncd "$(cat {shlex.quote(str(self.folder))})" || exit 1\n'

    def shell(self, script: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
        path = self.plan["Environment"]["PATH"]
        shell = shutil.which(self.plan["Shell"], path=path) or self.plan["Shell"]
        return subprocess.run([shell, str(script)], env={"PATH": path, **self.marks}, check=False, **options)

    def append(self, setting: str) -> None:
        with self.state.open("a") as file:
            file.write(f"\nexport {setting}\n")

    def runtimes(self) -> tuple[str, str] | None:
        """The machine's own runtimes are used; the log says where they are not of the version that is asked for."""
        for name, wanted in self.plan["Runtimes"].items():
            if name not in RUNTIMES:
                return "YAML_FILE_ERROR", f"Unknown runtime named '{name}'. Runtimes: {', '.join(RUNTIMES)}"
            program, option = RUNTIMES[name]
            path = shutil.which(program, path=self.plan["Environment"]["PATH"])
            if path is None:
                return "CLIENT_ERROR", f"The runtime {name} {wanted} is asked for, and this machine has no {program}."
            told = subprocess.run([path, option], capture_output=True, check=False, env=self.plan["Environment"])
            said = (told.stdout or told.stderr).decode("utf-8", "replace").strip().partition("\n")[0]
            self.say(f"Selecting '{name}' runtime version '{wanted}'")
            number = "".join(letter if letter.isdigit() or letter == "." else " " for letter in said).split()
            found = number[0] if number else said
            if wanted != "latest" and not f"{found}.".startswith(f"{wanted.removesuffix('.x')}."):
                self.say(f"local_aws: this machine's own {name} is used: {said} ({path}), and not {wanted}.")
        return None

    def exported(self) -> dict[str, str]:
        """The values that the exported variables have at the end; "" for one that is not set."""
        names = [name for name in self.plan["Exported"] if name.isidentifier()]
        script = self.kept / "exported.sh"
        shown = "".join(f'printf "%s\\0" "${{{name}-}}"\n' for name in names)
        script.write_text(f". {shlex.quote(str(self.state))}\n{shown}")
        said = self.shell(script, stdout=subprocess.PIPE).stdout.decode("utf-8", "replace").split("\0")
        return dict.fromkeys(self.plan["Exported"], "") | dict(zip(names, said, strict=False))

    def say(self, text: str) -> None:
        """A line of the log about the build, which the server puts the time to."""
        self.tell({"Say": text})

    def tell(self, message: Document) -> None:
        _write(f"{self.plan['Mark']}{json.dumps(message, ensure_ascii=False)}\n")


def _export(item: tuple[str, str]) -> str:
    return f"export {item[0]}={shlex.quote(item[1])}\n"


def _write(text: str) -> None:
    content = text.encode("utf-8", "surrogateescape")
    while content:
        content = content[os.write(1, content) :]


if __name__ == "__main__":
    Agent(json.loads(Path(sys.argv[1]).read_text())).run()
