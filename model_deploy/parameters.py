"""From a stage's configuration to the parameters of its templates. One row a parameter; CloudFormation takes texts."""

from collections.abc import Callable, Mapping

from model_deploy.config import Alarms, Shifting, Stage
from model_deploy.modes import ModeName

Row = Callable[[Stage], object]

STRATEGIES = {"canary": "CANARY", "linear": "LINEAR", "all_at_once": "ALL_AT_ONCE"}


def _alarms(prefix: str, of: Callable[[Stage], Alarms]) -> dict[str, Row]:
    return {
        f"{prefix}ErrorShare": lambda stage: of(stage).error_share,
        # CloudWatch has ModelLatency in microseconds.
        f"{prefix}LatencyMicroseconds": lambda stage: of(stage).latency_ms * 1000,
        f"{prefix}Mismatches": lambda stage: of(stage).mismatches,
        f"{prefix}AlarmMinutes": lambda stage: of(stage).minutes,
        f"{prefix}AlarmBreaching": lambda stage: of(stage).breaching,
    }


def _shifting(prefix: str, of: Callable[[Stage], Shifting]) -> dict[str, Row]:
    return {
        f"{prefix}Strategy": lambda stage: STRATEGIES[of(stage).strategy],
        f"{prefix}StepPercent": lambda stage: of(stage).size,
        f"{prefix}WaitSeconds": lambda stage: of(stage).wait_seconds,
        f"{prefix}TerminationSeconds": lambda stage: of(stage).termination_seconds,
        f"{prefix}TimeoutSeconds": lambda stage: of(stage).timeout_seconds,
    }


SECURITY: Mapping[str, Row] = {
    "KmsKeyArn": lambda stage: stage.security.kms_key or "",
    "SubnetIds": lambda stage: ",".join(stage.security.subnets),
    "SecurityGroupIds": lambda stage: ",".join(stage.security.security_groups),
    "NetworkIsolation": lambda stage: stage.security.network_isolation,
}

REAL_TIME: Mapping[str, Row] = {
    "RealTimeInstanceType": lambda stage: stage.real_time.instance_type,
    "RealTimeInstances": lambda stage: stage.real_time.instances,
    "RealTimeCapturePercent": lambda stage: stage.real_time.capture.percent if stage.real_time.capture else 0,
    "RealTimeMinimum": lambda stage: stage.real_time.autoscaling.minimum if stage.real_time.autoscaling else 0,
    "RealTimeMaximum": lambda stage: stage.real_time.autoscaling.maximum if stage.real_time.autoscaling else 0,
    **_shifting("RealTime", lambda stage: stage.real_time.shifting),
    **_alarms("RealTime", lambda stage: stage.real_time.alarms),
}

#: Without autoscaling the template's conditions leave these unread, so any valid number will do.
SCALING: Mapping[str, Row] = {
    "RealTimeInvocationsPerInstance": lambda stage: _scaling(stage, "invocations_per_instance", 1),
    "RealTimeScaleInSeconds": lambda stage: _scaling(stage, "scale_in_seconds", 0),
    "RealTimeScaleOutSeconds": lambda stage: _scaling(stage, "scale_out_seconds", 0),
    "RealTimeOffHoursStart": lambda stage: _off_hours(stage, "start", ""),
    "RealTimeOffHoursEnd": lambda stage: _off_hours(stage, "end", ""),
    "RealTimeOffHoursMinimum": lambda stage: _off_hours(stage, "minimum", 1),
    "RealTimeOffHoursMaximum": lambda stage: _off_hours(stage, "maximum", 1),
    "RealTimeOffHoursTimezone": lambda stage: _off_hours(stage, "timezone", "UTC"),
}

SERVERLESS: Mapping[str, Row] = {
    "ServerlessMemoryMegabytes": lambda stage: stage.serverless.memory_mb,
    "ServerlessMaxConcurrency": lambda stage: stage.serverless.max_concurrency,
    "ServerlessProvisionedMinimum": lambda stage: _provisioned(stage, "minimum", 0),
    "ServerlessProvisionedMaximum": lambda stage: _provisioned(stage, "maximum", 0),
    "ServerlessUtilisation": lambda stage: _provisioned(stage, "utilisation", 1),
    "ServerlessWaitSeconds": lambda stage: stage.serverless.wait_seconds,
    **_alarms("Serverless", lambda stage: stage.serverless.alarms),
}

ASYNCHRONOUS: Mapping[str, Row] = {
    "AsynchronousInstanceType": lambda stage: stage.asynchronous.instance_type,
    "AsynchronousInstances": lambda stage: stage.asynchronous.instances,
    "AsynchronousConcurrency": lambda stage: stage.asynchronous.concurrency,
    "AsynchronousMinimum": lambda stage: stage.asynchronous.autoscaling.minimum,
    "AsynchronousMaximum": lambda stage: stage.asynchronous.autoscaling.maximum,
    "AsynchronousBacklogPerInstance": lambda stage: stage.asynchronous.autoscaling.backlog_per_instance,
    "AsynchronousScaleInSeconds": lambda stage: stage.asynchronous.autoscaling.scale_in_seconds,
    "AsynchronousScaleOutSeconds": lambda stage: stage.asynchronous.autoscaling.scale_out_seconds,
    **_shifting("Asynchronous", lambda stage: stage.asynchronous.shifting),
    **_alarms("Asynchronous", lambda stage: stage.asynchronous.alarms),
}

BATCH: Mapping[str, Row] = {
    "BatchInstanceType": lambda stage: stage.batch.instance_type,
    "BatchInstances": lambda stage: stage.batch.instances,
    "BatchSchedule": lambda stage: stage.batch.schedule or "",
    "BatchTimezone": lambda stage: stage.batch.timezone,
    "BatchOnArrival": lambda stage: stage.batch.on_arrival,
    "BatchContentType": lambda stage: stage.batch.content_type,
    "BatchStrategy": lambda stage: stage.batch.strategy,
    "BatchMaxPayloadMegabytes": lambda stage: stage.batch.max_payload_mb,
    "BatchConcurrency": lambda stage: stage.batch.concurrency,
    "BatchJoinSource": lambda stage: "Input" if stage.batch.join else "None",
    "BatchInputFilter": lambda stage: stage.batch.input_filter,
    "BatchOutputFilter": lambda stage: stage.batch.output_filter,
    "BatchCapturePercent": lambda stage: stage.batch.capture.percent if stage.batch.capture else 0,
}

BY_MODE: Mapping[ModeName, Mapping[str, Row]] = {
    "real_time": {**SECURITY, **REAL_TIME, **SCALING},
    "serverless": {"KmsKeyArn": SECURITY["KmsKeyArn"], **SERVERLESS},
    "asynchronous": {**SECURITY, **ASYNCHRONOUS},
    "batch": {**SECURITY, **BATCH},
}


def values(stage: Stage) -> dict[str, str]:
    """Parameter → text, for the modes that the stage has."""
    rows = {name: row for mode in stage.modes for name, row in BY_MODE[mode].items()}
    return {name: text(row(stage)) for name, row in rows.items()}


def text(value: object) -> str:
    """CloudFormation's spelling: booleans in lower case, whole numbers without a point."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _scaling(stage: Stage, key: str, otherwise: object) -> object:
    return getattr(stage.real_time.autoscaling, key) if stage.real_time.autoscaling else otherwise


def _off_hours(stage: Stage, key: str, otherwise: object) -> object:
    scaling = stage.real_time.autoscaling
    return getattr(scaling.off_hours, key) if scaling and scaling.off_hours else otherwise


def _provisioned(stage: Stage, key: str, otherwise: object) -> object:
    return getattr(stage.serverless.provisioned, key) if stage.serverless.provisioned else otherwise
