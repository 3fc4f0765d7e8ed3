"""The other ways in which a template may be used: every switch on and off, other names, another account.

A fault in a branch that today's stage does not take would wait for the day when somebody does.
"""

from collections.abc import Iterator, Mapping

from contract.documents import Document
from model_deploy.verify.identity import ACCOUNT, REGION

KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
SCALED = {"RealTimeMinimum": "2", "RealTimeMaximum": "6", "RealTimeInstances": "2"}
WINDOW = {
    "RealTimeOffHoursStart": "cron(0 20 * * ? *)",
    "RealTimeOffHoursEnd": "cron(0 6 * * ? *)",
    "RealTimeOffHoursMinimum": "2",
    "RealTimeOffHoursMaximum": "3",
    "RealTimeOffHoursTimezone": "Europe/Berlin",
}
#: Each number another, so that two that are swapped show.
SCALING = {
    "RealTimeInvocationsPerInstance": "700",
    "RealTimeScaleInSeconds": "310",
    "RealTimeScaleOutSeconds": "70",
    "AsynchronousBacklogPerInstance": "7",
    "AsynchronousScaleInSeconds": "610",
    "AsynchronousScaleOutSeconds": "80",
    "AsynchronousConcurrency": "9",
    "BatchConcurrency": "3",
    "BatchInstances": "5",
    "BatchMaxPayloadMegabytes": "7",
    "ServerlessMemoryMegabytes": "4096",
    "ServerlessMaxConcurrency": "60",
}
ALARMS = {
    f"{mode}{name}": value
    for mode in ("RealTime", "Serverless", "Asynchronous")
    for name, value in {
        "ErrorShare": "0.03",
        "LatencyMicroseconds": "123000",
        "Mismatches": "4",
        "AlarmMinutes": "5",
        "AlarmBreaching": "2",
        "StepPercent": "20",
        "WaitSeconds": "240",
        "TerminationSeconds": "130",
        "TimeoutSeconds": "3700",
    }.items()
}

#: What is changed, all at once; a parameter that a template does not have is left out.
CHANGES: tuple[Mapping[str, str], ...] = (
    {"KmsKeyArn": KEY, "RealTimeCapturePercent": "30", "BatchCapturePercent": "100"},
    {"KmsKeyArn": "", "RealTimeCapturePercent": "0", "BatchCapturePercent": "0"},
    {"KmsKeyArn": KEY, "BatchCapturePercent": "0"},
    {"SubnetIds": "subnet-0aaa,subnet-0bbb", "SecurityGroupIds": "sg-0ccc", "NetworkIsolation": "false"},
    {"NotificationTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:notifications"},
    {"RealTimeStrategy": "CANARY", "AsynchronousStrategy": "CANARY", **ALARMS},
    {"RealTimeStrategy": "LINEAR", "AsynchronousStrategy": "LINEAR", **ALARMS},
    {"RealTimeStrategy": "ALL_AT_ONCE", "AsynchronousStrategy": "ALL_AT_ONCE", **ALARMS},
    {**SCALED, **WINDOW, **SCALING},
    {**SCALED, "RealTimeOffHoursStart": "", "RealTimeOffHoursEnd": ""},
    {"RealTimeMinimum": "0", "RealTimeMaximum": "0"},
    {
        "ServerlessProvisionedMinimum": "2",
        "ServerlessProvisionedMaximum": "6",
        "ServerlessUtilisation": "0.6",
        "ServerlessMaxConcurrency": "60",
    },
    {"ServerlessProvisionedMinimum": "0", "ServerlessProvisionedMaximum": "0"},
    {"BatchSchedule": "", "BatchOnArrival": "true"},
    {
        "BatchSchedule": "rate(6 hours)",
        "BatchOnArrival": "false",
        "BatchJoinSource": "Input",
        "BatchTimezone": "Asia/Tokyo",
        "BatchInputFilter": "$[1:]",
        "BatchOutputFilter": "$[0,-1]",
        "BatchStrategy": "SingleRecord",
    },
    {
        "SageMakerProjectName": "another",
        "SageMakerProjectId": "p-another",
        "DataBucketName": "another-bucket",
        "ModelBucketName": "another-models",
    },
    {"StageName": "prod", **SCALED, **SCALING},
    {"StageName": "staging"},
    {"ConnectionArn": ""},
    {"BuildSchedule": "rate(7 days)"},
    {"BuildOnArrival": "true"},
    {"ClarifyChecks": "true", "JobSubnetIds": "subnet-0aaa,subnet-0bbb"},
    {"ReadBucket": "other-data", "ReadPrefix": "sales/", "QueryDatabase": "shop", "QueryWorkgroup": "builds"},
    {"ReadBucket": "other-data", "ReadPrefix": "sales/"},
    {"ConnectionArn": f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/01234567-89ab-cdef"},
    {"StagingAccountId": "222233334444", "ProdAccountId": "444455556666"},
    {"ModelPackageGroupName": "credit", "NotificationEmail": "ml@example.org"},
    {"ModelPackageGroupName": "", "NotificationEmail": "", "ApprovalMinutes": "90", "BranchName": "release"},
)


def variants(template: Document, given: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The parameters as given, and then with each change that touches this template."""
    yield dict(given)
    for change in CHANGES:
        own = {name: value for name, value in change.items() if name in template.get("Parameters", {})}
        if own:
            yield {**given, **own}
