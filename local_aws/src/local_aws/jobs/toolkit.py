"""What the SageMaker training toolkit in an image does before a user's program runs: script mode and `SM_*`.

After aws/sagemaker-training-toolkit 5.1 (environment.py, mapping.py, entry_point.py). It does not run `pip install`:
the program's folder is on the path instead, and a requirements file is refused.
"""

import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_aws import tar
from local_aws.errors import AwsError
from local_aws.jobs.failure import JobError
from local_aws.jobs.folder import HostFolder
from local_aws.operations import Aws
from local_aws.s3 import objects

#: Hyperparameters that are the toolkit's own; programs do not see them (params.py).
OWN = (
    "sagemaker_program",
    "sagemaker_submit_directory",
    "sagemaker_enable_cloudwatch_metrics",
    "sagemaker_region",
    "sagemaker_container_log_level",
    "sagemaker_job_name",
    "default_user_module_name",
    "_tuning_objective_metric",
    "sagemaker_s3_output",
)

CODE = "/opt/ml/code"


def plain(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Hyperparameters travel as strings; those that hold JSON mean its value."""
    return {name: _decoded(value) for name, value in hyperparameters.items()}


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def script_mode(hyperparameters: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    """The user's program, when there is one."""
    program = hyperparameters.get("sagemaker_program") or environment.get("SAGEMAKER_PROGRAM")
    return str(program) if program else None


def unpack(aws: Aws, folder: HostFolder, source: str) -> None:
    """The code in `source` (an s3:// URI, a tar file or a folder below /opt/ml) into /opt/ml/code.

    Raises JobError when there is none, or when it wants what this machine does not do.
    """
    target = folder.real(CODE)
    target.mkdir(parents=True, exist_ok=True)
    path = _local(aws, folder, source)
    try:
        if not path.is_dir():
            tar.extract(path, target)
        elif path != target:
            for entry in path.iterdir():
                (target / entry.name).symlink_to(entry)
    except (OSError, tarfile.TarError) as error:
        raise JobError(f"ClientError: sagemaker_submit_directory {source} cannot be unpacked: {error}") from error
    if (target / "requirements.txt").is_file():
        raise JobError(
            "ClientError: the bundle has a requirements.txt, and local_aws does not install packages into a job:"
            " put them as wheels in the bundle."
        )


def _local(aws: Aws, folder: HostFolder, source: str) -> Path:
    try:
        if source.startswith("s3://"):
            return objects.read(aws, *objects.split_uri(source)).blob
        return folder.real(source)
    except (AwsError, ValueError) as error:
        raise JobError(f"ClientError: sagemaker_submit_directory {source}: {error}") from error


def command(program: str, hyperparameters: Mapping[str, Any]) -> list[str]:
    """How the toolkit starts the user's program: a Python module, a shell script, or a command."""
    arguments = _arguments(hyperparameters)
    if program.endswith(".py"):
        return ["python3", "-m", program.removesuffix(".py").replace("/", "."), *arguments]
    if program.endswith(".sh"):
        return ["/bin/sh", "-c", f'./{program} "$@"', program, *arguments]
    return ["python3", "-m", program, *arguments]


def _arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in sorted(_users(hyperparameters).items()):
        found.append(f"--{name}" if len(name) > 1 else f"-{name}")
        found.append(
            ",".join(f"{k}={v}" for k, v in sorted(value.items())) if isinstance(value, dict) else _text(value)
        )
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _users(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hyperparameters.items() if name not in OWN}


def environment(
    program: str,
    hyperparameters: Mapping[str, Any],
    resources: Mapping[str, Any],
    channels: Mapping[str, Any],
    job: str,
) -> dict[str, str]:
    """The `SM_*` variables of one host.

    resources  `resourceconfig.json`;  channels  `inputdataconfig.json`
    """
    users = _users(hyperparameters)
    directories = {name: f"/opt/ml/input/data/{name}" for name in channels}
    described = {
        "channel_input_dirs": directories,
        "current_host": resources["current_host"],
        "current_instance_type": resources["current_instance_type"],
        "hosts": resources["hosts"],
        "hyperparameters": users,
        "input_config_dir": "/opt/ml/input/config",
        "input_data_config": channels,
        "input_dir": "/opt/ml/input",
        "is_master": resources["current_host"] == resources["hosts"][0],
        "job_name": job,
        "log_level": hyperparameters.get("sagemaker_container_log_level", 20),
        "master_hostname": resources["hosts"][0],
        "model_dir": "/opt/ml/model",
        "module_dir": hyperparameters.get("sagemaker_submit_directory", CODE),
        "module_name": program.removesuffix(".py"),
        "network_interface_name": resources["network_interface_name"],
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "output_data_dir": "/opt/ml/output/data",
        "output_dir": "/opt/ml/output",
        "output_intermediate_dir": "/opt/ml/output/intermediate",
        "resource_config": dict(resources),
        "user_entry_point": program,
    }
    values: dict[str, Any] = {
        **{name: value for name, value in described.items() if name not in _NOT_ALONE},
        "hps": users,
        "channels": sorted(channels),
        "current_instance_group": resources["current_group_name"],
        "current_instance_group_hosts": resources["hosts"],
        "instance_groups": [resources["current_group_name"]],
        "framework_params": {},
        "framework_module": "",
        "training_env": described,
        "user_args": _arguments(hyperparameters),
        **{f"channel_{name}": path for name, path in directories.items()},
        **{f"hp_{name}": value for name, value in users.items()},
    }
    return {f"SM_{name.upper()}": _variable(value) for name, value in values.items()}


#: In SM_TRAINING_ENV, and no variables of their own.
_NOT_ALONE = ("channel_input_dirs", "hyperparameters", "is_master", "job_name", "master_hostname")


def _variable(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
