"""Stops, timeouts, kills: what a job leaves behind, and how it goes on."""

import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_aws import launch

#: A program with a child, a grandchild in a session of its own, and a forked child; all sleep.
FAMILY = (
    "import os, pathlib, subprocess, time\n"
    "subprocess.Popen(['sleep', '1000'])\n"
    "subprocess.Popen(['bash', '-c', 'setsid sleep 1000 & sleep 1000'])\n"
    "if os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n"
    "time.sleep(0.2)\n"
    "pathlib.Path('/opt/ml/processing/out/up').write_text('up')\n"
)


def family(home: Path) -> list[psutil.Process]:
    """Every process of the home but its server, zombies too."""
    mark = f"LOCAL_AWS_PROCESS_OF={home}"
    found = []
    for process in psutil.process_iter():
        try:
            text = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark.encode() in text:
            found.append(process)
    return found


def programs(home: Path) -> list[psutil.Process]:
    """The home's processes that write into the pipe of a job: no fork server, and none that waits for its program."""
    return [process for process in family(home) if _output(process).startswith("pipe:")]


def _output(process: psutil.Process) -> str:
    try:
        return str(Path(f"/proc/{process.pid}/fd/1").readlink())
    except OSError:
        return ""


def _forked(process: psutil.Process) -> bool:
    """A program forked from a fork server has its command line; its parent is that server."""
    parent = process.parent()
    return parent is not None and parent.cmdline() == process.cmdline()


def none_left(find: Any, home: Path, wait: float = 5.0) -> None:
    end = time.monotonic() + wait
    while found := find(home):
        assert time.monotonic() < end, [(process.pid, process.cmdline(), process.status()) for process in found]
        time.sleep(0.02)


def running(jobs: Any, source: str, **options: Any) -> str:
    """Start the program; its name, once it has written /opt/ml/processing/out/up."""
    name: str = jobs.start_python(source, **options)
    jobs.appears(jobs.folder(name) / "ml/processing/out/up")
    return name


def test_a_finished_job_takes_its_whole_family_with_it(own_jobs: Any) -> None:
    found = own_jobs.python(FAMILY)
    assert found["ProcessingJobStatus"] == "Completed"
    none_left(programs, own_jobs.home)


def test_stop_ends_the_family(own_jobs: Any) -> None:
    name = running(own_jobs, FAMILY + "time.sleep(1000)")
    assert len(programs(own_jobs.home)) >= 5
    own_jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert own_jobs.wait(name)["ProcessingJobStatus"] == "Stopped"
    none_left(programs, own_jobs.home)


def test_a_program_that_ignores_sigterm_is_killed_after_the_grace_of_the_clock(own_jobs: Any) -> None:
    name = running(
        own_jobs,
        "import pathlib, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "pathlib.Path('/opt/ml/processing/out/up').write_text('')\ntime.sleep(1000)",
    )
    own_jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    time.sleep(0.3)
    assert own_jobs.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "Stopping"
    forward(own_jobs, 31)
    assert own_jobs.wait(name)["ProcessingJobStatus"] == "Stopped"


def forward(jobs: Any, seconds: float) -> None:
    """Move the server's clock."""
    request = urllib.request.Request(
        f"{jobs.status.Endpoint}/_local/clock", data=f'{{"Offset": {seconds}}}'.encode(), method="POST"
    )
    urllib.request.urlopen(request).read()


def test_a_training_job_saves_its_model_when_it_is_stopped(jobs: Any) -> None:
    name = jobs.create_training(
        "import os, pathlib, signal, sys, time\nmodel = pathlib.Path(os.environ['SM_MODEL_DIR'])\n"
        "def save(*_):\n    (model / 'm').write_text('m')\n    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, save)\n(model / 'up').write_text('')\ntime.sleep(1000)"
    )
    jobs.appears(jobs.folder(name, "Training") / "ml/model/up")
    jobs.sagemaker.stop_training_job(TrainingJobName=name)
    found = jobs.wait_training(name)
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert found["ModelArtifacts"]["S3ModelArtifacts"].endswith("model.tar.gz")


def test_a_job_beyond_its_time_is_stopped(own_jobs: Any) -> None:
    name = running(own_jobs, FAMILY + "time.sleep(1000)", seconds=3600)
    forward(own_jobs, 3601)
    found = own_jobs.wait(name)
    assert found["ProcessingJobStatus"] == "Stopped"
    assert found["ExitMessage"] == "MaxRuntimeInSeconds of 3600 exceeded"
    none_left(programs, own_jobs.home)
    name = own_jobs.create_training("import time; time.sleep(1000)")
    own_jobs.appears(own_jobs.folder(name, "Training") / "command.json")
    forward(own_jobs, 61)
    found = own_jobs.wait_training(name)
    assert (found["TrainingJobStatus"], found["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_a_queued_job_is_stopped_before_it_runs(own_jobs: Any) -> None:
    for _ in range(os.cpu_count() or 1):
        running(own_jobs, "import time\nopen('/opt/ml/processing/out/up', 'w')\ntime.sleep(1000)")
    name = own_jobs.create_processing(["true"])
    own_jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert own_jobs.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "Stopping"
    for job in own_jobs.sagemaker.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"]:
        own_jobs.sagemaker.stop_processing_job(ProcessingJobName=job["ProcessingJobName"])
    found = own_jobs.wait(name)
    assert found["ProcessingJobStatus"] == "Stopped"
    assert "ProcessingStartTime" not in found


def test_after_kill_9_nothing_lives_and_the_job_runs_again_from_a_clean_folder(own_jobs: Any) -> None:
    own_jobs.put("go/wait", "yes")
    name = running(
        own_jobs,
        "import pathlib\nout = pathlib.Path('/opt/ml/processing/out')\nassert not list(out.iterdir())\n"
        + FAMILY
        + "(out / 'result').write_text('once')\n"
        "import urllib.request, os, time\n"
        "import json\n"
        "if (pathlib.Path('/opt/ml/processing/go/wait')).read_text() == 'yes': time.sleep(1000)",
        inputs={"go": {"S3Uri": "s3://jobs/go/"}},
    )
    own_jobs.kill()
    none_left(family, own_jobs.home)
    with pytest.raises(OSError, match=r".*"):
        urllib.request.urlopen(f"{own_jobs.status.Endpoint}/_local/status", timeout=2)
    own_jobs.up()
    assert own_jobs.keys(name + "/") == []
    own_jobs.appears(own_jobs.folder(name) / "ml/processing/out/result")
    assert own_jobs.sagemaker.describe_processing_job(ProcessingJobName=name)["ProcessingJobStatus"] == "InProgress"
    own_jobs.put("go/wait", "no")
    own_jobs.kill()
    own_jobs.up()
    assert own_jobs.wait(name)["ProcessingJobStatus"] == "Completed"
    assert own_jobs.get(f"s3://jobs/{name}/result") == b"once"
    none_left(programs, own_jobs.home)


def test_a_stop_that_was_acknowledged_outlives_the_server(own_jobs: Any) -> None:
    name = running(
        own_jobs,
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "open('/opt/ml/processing/out/up', 'w')\ntime.sleep(1000)",
    )
    own_jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    own_jobs.kill()
    own_jobs.up()
    assert own_jobs.wait(name)["ProcessingJobStatus"] == "Stopped"


def test_the_programs_die_with_their_fork_server(own_jobs: Any) -> None:
    name = running(own_jobs, FAMILY + "time.sleep(1000)")
    before = family(own_jobs.home)
    for host in [process for process in before if "serve" in process.cmdline() and not _forked(process)]:
        host.kill()
    found = own_jobs.wait(name)
    assert found["FailureReason"] == "InternalServerError: The job's host was killed. Try again."
    alive = psutil.wait_procs(before, 1)[1]
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE or process.ppid() != 1] == []
    assert own_jobs.python("1")["ProcessingJobStatus"] == "Completed"


def test_a_server_that_is_stopped_leaves_nothing_and_goes_on_later(own_jobs: Any) -> None:
    name = running(own_jobs, FAMILY + "time.sleep(float(pathlib.Path('/opt/ml/processing/go/s').read_text()))",
                   inputs={"go": {"S3Uri": own_jobs.put("s", "1000")}})  # fmt: skip
    begun = time.monotonic()
    launch.down(own_jobs.home)
    assert time.monotonic() - begun < 5
    none_left(family, own_jobs.home)
    own_jobs.up()
    own_jobs.put("s", "0")
    launch.down(own_jobs.home)
    own_jobs.up()
    assert own_jobs.wait(name)["ProcessingJobStatus"] == "Completed"


def test_a_bucket_that_went_away_fails_the_job(own_jobs: Any) -> None:
    own_jobs.s3.create_bucket(Bucket="brief")
    own_jobs.s3.put_object(Bucket="brief", Key="x", Body=b"x")
    name = running(
        own_jobs,
        "import os, time\nopen('/opt/ml/processing/out/up', 'w')\n"
        "while not os.path.exists('/opt/ml/processing/out/on'): time.sleep(.01)",
    )
    for key in own_jobs.keys(""):
        own_jobs.s3.delete_object(Bucket="jobs", Key=key)
    own_jobs.s3.delete_bucket(Bucket="jobs")
    (own_jobs.folder(name) / "ml/processing/out/on").touch()
    found = own_jobs.wait(name)
    assert found["ProcessingJobStatus"] == "Failed"
    assert "The outputs cannot be written" in found["FailureReason"]


def test_log_lines_are_there_while_the_job_runs(jobs: Any) -> None:
    name = running(
        jobs,
        "import json, sys, time\n"
        "host = json.load(open('/opt/ml/config/resourceconfig.json'))['current_host']\n"
        "print('out of', host)\nprint('err', file=sys.stderr)\nprint()\nprint('half a line', end='')\n"
        "open('/opt/ml/processing/out/up', 'w')\ntime.sleep(1000)",
        hosts=2,
    )
    jobs.appears(jobs.folder(name, host="algo-2") / "ml/processing/out/up")
    assert jobs.log(name, host="algo-2") == ["out of algo-2", "err"]
    jobs.sagemaker.stop_processing_job(ProcessingJobName=name)
    jobs.wait(name)
    assert jobs.log(name) == ["out of algo-1", "err", "half a line"]


def test_a_full_disk_fails_the_job_and_leaves_nothing_half_written(tmp_path: Path, request: Any) -> None:
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", tmp_path]).returncode:
        pytest.skip("this needs the right to mount a small file system")
    request.addfinalizer(lambda: subprocess.run(["umount", "-l", tmp_path], check=False))
    small = request.getfixturevalue("own_jobs")
    source = (
        "for name in 'ab': open(f'/opt/ml/processing/out/{name}', 'wb').write(bytes(5 << 20))\n"
        "with open('/opt/ml/processing/out/c', 'wb') as file: file.truncate(500 << 20)"
    )
    found = small.python(source)
    assert found["ProcessingJobStatus"] == "Failed"
    assert re.search(r"The disk below .* is full", found["FailureReason"])
    assert small.keys(found["ProcessingJobName"] + "/") == []
    assert sum(path.stat().st_size for path in (small.home / "blobs").glob("??/*")) < 1 << 20
    assert small.python("1")["ProcessingJobStatus"] == "Completed"


def test_the_folders_of_the_newest_hundred_jobs_stay(own_jobs: Any) -> None:
    above = own_jobs.home / "jobs/Processing"
    for number in range(105):
        (above / f"old-{number}" / "algo-1").mkdir(parents=True)
        os.utime(above / f"old-{number}", (1_000_000 + number,) * 2)
    name = own_jobs.python("1")["ProcessingJobName"]
    end = time.monotonic() + 10
    while len(list(above.glob("*"))) > 100:
        assert time.monotonic() < end, "older folders are not removed"
        time.sleep(0.01)
    assert {path.name for path in above.glob("*")} == {name, *(f"old-{number}" for number in range(6, 105))}
