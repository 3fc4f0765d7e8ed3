"""One program of a job, in its own process: its environment, its view of the file system, then its code.

`python …` command lines run in this interpreter, so that what the fork server has loaded is there; everything else
replaces the process.
"""

import atexit
import io
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, NoReturn

from local_aws.processes.boot import kernel
from local_aws.processes.boot.guard import Guard, Packages

#: The first descriptor behind the standard ones, where socket activation begins.
LISTENER = 3

#: Interpreter options that take a value; all others stand alone and change nothing here.
WITH_VALUE = ("-W", "-X", "--check-hash-based-pycs")

#: Variables for the interpreter that one which runs already can honour as well.
HONOURED = ("PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING")


@dataclass(frozen=True)
class Program:
    """What to run, and where.

    arguments    the command line; its first word is a name on the environment's PATH, or a path
    environment  the whole environment
    root         the job's folder of one host; what lies below may be imported
    shown        the folder that is /opt/ml where the kernel can show it so; None: it sees the machine as it is
    folder       the working directory
    network      False: loopback alone, where the kernel can do that
    read_only    files that the program must not change
    hosts        the names of the job's hosts where there are several: all are this machine
    meeting      a path by which the hosts of an isolated job find the network that they share; None: one of its own
    """

    arguments: tuple[str, ...]
    environment: dict[str, str]
    root: Path
    shown: Path | None
    folder: Path
    network: bool = True
    read_only: tuple[Path, ...] = ()
    hosts: tuple[str, ...] = ()
    meeting: Path | None = None

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Program":
        return cls(
            tuple(document["arguments"]),
            document["environment"],
            Path(document["root"]),
            Path(document["shown"]) if document["shown"] else None,
            Path(document["folder"]),
            document["network"],
            tuple(Path(path) for path in document["read_only"]),
            tuple(document["hosts"]),
            Path(document["meeting"]) if document["meeting"] else None,
        )


def run(
    program: Program, packages: Packages, output: int, *, namespaces: bool, listener: Sequence[int] = ()
) -> NoReturn:
    """Be the program: everything written goes to the descriptor `output`. Never returns."""
    try:
        _redirect(output)
        _hand_over(listener)
        if program.shown:
            _namespaces(program, program.shown) if namespaces else _without_namespaces(program)
        os.environ.clear()
        os.environ.update(program.environment)
        if listener:  # as systemd says it, sd_listen_fds(3)
            os.environ.update({"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())})
        os.chdir(program.folder)
        if Path(program.arguments[0]).name in ("python", "python3") and not _wants_its_own(program.environment):
            sys.dont_write_bytecode = bool(program.environment.get("PYTHONDONTWRITEBYTECODE"))
            python(program.arguments[1:], packages, program.root)
        _exec(program)
    except (OSError, ValueError) as error:  # a ValueError: for example a NUL in an argument
        os.write(2, f"local_aws: the program cannot start: {error}\n".encode())
        os._exit(126)


def _wants_its_own(environment: dict[str, str]) -> bool:
    """Whether there is a variable that an interpreter reads when it starts, for example PYTHONHASHSEED."""
    return any(name.startswith("PYTHON") and name not in HONOURED for name in environment)


def _redirect(output: int) -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = _unbuffered(1, "strict"), _unbuffered(2, "backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def _hand_over(listener: Sequence[int]) -> None:
    """A listening socket becomes descriptor 3."""
    for descriptor in listener:
        if descriptor != LISTENER:
            os.dup2(descriptor, LISTENER)
            os.close(descriptor)
        os.set_inheritable(LISTENER, True)


def _unbuffered(descriptor: int, errors: str) -> io.TextIOWrapper:
    """As with PYTHONUNBUFFERED, which the images set: what is printed is in the log."""
    raw = open(descriptor, "wb", buffering=0, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(raw, encoding="utf-8", errors=errors, write_through=True)


def _namespaces(program: Program, shown: Path) -> None:
    if program.meeting and not program.network:
        kernel.share_network(program.meeting)
    else:
        kernel.unshare(network=not program.network)
    if program.hosts:
        names = program.root / "hosts"
        names.write_text(f"127.0.0.1 localhost {' '.join(program.hosts)}\n::1 localhost\n")
        kernel.mount(str(names), "/etc/hosts", kernel.MS_BIND)
    for path in program.read_only:
        kernel.read_only(path)
    kernel.show_as_opt_ml(shown, program.root / "opt")


def _without_namespaces(program: Program) -> None:
    """Said at the head of the log: what this machine cannot do for a job."""
    lacks = ["/opt/ml is not this job's folder: paths are rewritten in the command, its arguments and environment"]
    if not program.network:
        lacks.append("the network is reachable although the job asks for isolation")
    os.write(2, f"local_aws: no namespaces on this machine: {'; '.join(lacks)}.\n".encode())


def _exec(program: Program) -> NoReturn:
    try:
        os.execvpe(program.arguments[0], program.arguments, os.environ)  # noqa: S606
    except OSError as error:
        os.write(2, f"local_aws: {program.arguments[0]}: {error.strerror}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)


def python(arguments: tuple[str, ...], packages: Packages, root: Path) -> NoReturn:
    """Be `python ARGUMENTS`: -m MODULE, -c CODE, a script, or - for standard input. Never returns."""
    Guard(packages, (str(root), os.path.realpath(root), "/opt/ml")).install()
    sys.executable = sys._base_executable = str(root / "bin" / "python3")  # type: ignore[attr-defined]
    own = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [*own, *(entry for entry in sys.path if entry not in own)]
    code = 0
    try:
        _interpret(list(arguments))
    except SystemExit as stop:
        code = _exit_code(stop)
    except BaseException as error:  # noqa: BLE001  as the interpreter itself does at the top level
        error.__traceback__ = _own_frames(error.__traceback__)
        sys.excepthook(type(error), error, error.__traceback__)
        code = 130 if isinstance(error, KeyboardInterrupt) else 1
    _finish(code)


def _interpret(arguments: list[str]) -> None:
    while arguments and arguments[0].startswith("-") and arguments[0] != "-":
        option = arguments.pop(0)
        if option == "-m":
            sys.path.insert(0, str(Path.cwd()))
            sys.argv = arguments
            runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
            return
        if option.startswith("-c"):
            sys.path.insert(0, "")
            code = option[2:] or arguments.pop(0)
            sys.argv = ["-c", *arguments]
            _run_source(code, "<string>")
            return
        if option in WITH_VALUE:
            arguments.pop(0)
    if not arguments or arguments[0] == "-":
        sys.path.insert(0, "")
        sys.argv = ["-", *arguments[1:]]
        _run_source(sys.stdin.read(), "<stdin>")
        return
    script = Path(arguments[0])
    sys.argv = arguments
    if not script.exists():
        sys.exit(f"python3: can't open file {str(script)!r}: No such file")
    sys.path.insert(0, str(script.resolve().parent))
    runpy.run_path(str(script), run_name="__main__")


def _run_source(source: str, name: str) -> None:
    main = ModuleType("__main__")
    sys.modules["__main__"] = main
    exec(compile(source, name, "exec"), main.__dict__)  # noqa: S102  that is what `python -c` does


def _exit_code(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return (stop.code or 0) & 0xFF
    print(stop.code, file=sys.stderr)  # noqa: T201
    return 1


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the frames that lead to the program."""
    ours = (__file__, runpy.__file__, "<frozen runpy>")
    while trace is not None and trace.tb_frame.f_code.co_filename in ours:
        trace = trace.tb_next
    return trace


def _finish(code: int) -> NoReturn:
    """End as the interpreter does, without taking its loaded libraries apart one by one."""
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:
                stream.flush()
    except Exception:  # noqa: BLE001  said in the log; the exit code is the program's
        traceback.print_exc()
    os._exit(code)
