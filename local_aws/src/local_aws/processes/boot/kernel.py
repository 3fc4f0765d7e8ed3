"""What Linux can do for a job, through the C library: die with the parent, a private /opt/ml, no network.

Elsewhere, or where the kernel refuses, the functions say so and the job runs with rewritten paths alone.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys
import time
from pathlib import Path

LINUX = sys.platform == "linux"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x1, 0x20, 0x1000, 0x4000, 0x40000
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1

#: How long a host waits for the one that makes the network.
MEETING_SECONDS = 60

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def die_with(parent: int) -> None:
    """SIGKILL this process when its parent (the thread that forked it) ends. Linux only."""
    if LINUX:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)


def adopt_orphans() -> None:
    """Make this process the new parent of its descendants' orphans, so that it can end them. Linux only."""
    if LINUX:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def unshare(*, network: bool) -> None:
    """A mount namespace of one's own and, when wanted, a network of loopback alone.

    Needs root or user namespaces. Raises OSError where the kernel refuses.
    """
    flags = CLONE_NEWNS | (CLONE_NEWNET if network else 0)
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        flags |= CLONE_NEWUSER
    _checked(_libc.unshare(flags), "unshare")
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    mount("none", "/", MS_REC | MS_PRIVATE)
    if network:
        _loopback_up()


def share_network(meeting: Path) -> None:
    """A mount namespace of one's own, and a network of loopback alone that is shared with all who come to `meeting`.

    The first to come makes the network, and the others join it. Raises OSError where the kernel refuses, or when the
    first has ended.
    """
    try:
        os.close(os.open(meeting, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        _join(meeting.with_suffix(".pid"))
        return
    unshare(network=True)
    said = meeting.with_suffix(".said")
    said.write_text(str(os.getpid()))
    said.rename(meeting.with_suffix(".pid"))


def _join(pid: Path) -> None:
    """Take over the network of the process that `pid` names, and with it, without root, its user namespace."""
    until = time.monotonic() + MEETING_SECONDS
    while not pid.exists():
        if time.monotonic() > until:
            raise TimeoutError("the first host of the job has not made its network")
        time.sleep(0.002)
    namespaces = Path("/proc") / pid.read_text() / "ns"
    flags = [("user", CLONE_NEWUSER)] if os.geteuid() != 0 else []
    descriptors = [(os.open(namespaces / name, os.O_RDONLY), flag) for name, flag in [*flags, ("net", CLONE_NEWNET)]]
    for descriptor, flag in descriptors:
        _checked(_libc.setns(descriptor, flag), "setns")
        os.close(descriptor)
    _checked(_libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", MS_REC | MS_PRIVATE)


def mount(source: str, target: str, flags: int) -> None:
    _checked(_libc.mount(source.encode(), target.encode(), None, flags, None), f"mount {target}")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def show_as_opt_ml(folder: Path, scratch: Path) -> None:
    """In this mount namespace, `folder` is /opt/ml. The real file system keeps what it has.

    Where /opt/ml is missing, a copy of /opt made of bind mounts, with an `ml` in it, covers /opt; `scratch` holds it.
    Raises OSError where that cannot be done.
    """
    target = Path("/opt/ml")
    if not target.is_dir():
        _cover_opt(scratch)
    mount(str(folder), str(target), MS_BIND | MS_REC)


def _cover_opt(scratch: Path) -> None:
    """`scratch` takes the place of /opt: every entry of /opt bound into it, and an empty `ml`."""
    (scratch / "ml").mkdir(parents=True, exist_ok=True)
    for entry in Path("/opt").iterdir():
        twin = scratch / entry.name
        if entry.is_symlink():
            if not twin.is_symlink():
                twin.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            twin.mkdir(exist_ok=True)
        else:
            twin.touch()
        mount(str(entry), str(twin), MS_BIND | MS_REC)
    mount(str(scratch), "/opt", MS_BIND | MS_REC)


def read_only(path: Path) -> None:
    """In this mount namespace nobody can write to the file."""
    mount(str(path), str(path), MS_BIND)
    mount("none", str(path), MS_BIND | MS_REMOUNT | MS_RDONLY)


def can_unshare(scratch: Path) -> bool:
    """Whether a child may have namespaces of its own with an /opt/ml; tried in a child that ends at once."""
    if not LINUX:
        return False
    child = os.fork()
    if child == 0:
        try:
            scratch.mkdir(parents=True, exist_ok=True)
            unshare(network=True)
            show_as_opt_ml(scratch, scratch / "opt")
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def descendants_of(pid: int) -> list[int]:
    """The direct children of a process. Empty where /proc does not tell."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def environment_of(pid: int) -> bytes:
    """The environment that a process was started with, entries divided by NUL; empty when it cannot be read."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
