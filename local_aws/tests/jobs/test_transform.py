"""Transform jobs on a real server, with models that are a few lines of Python."""

import gzip
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pipelines_kit import Pipelines, connect, definition

from local_aws import launch

#: Answers each line with its own text in capitals.
UPPER = "def answer(body, headers): return 200, body.upper()"

#: Answers each line with how many lines came with it.
COUNT = "def answer(body, headers):\n lines = body.splitlines()\n return 200, b'%d\\n' % len(lines) * len(lines)"


def result(jobs: Any, found: dict[str, Any], key: str) -> bytes:
    content: bytes = jobs.get(f"s3://jobs/{found['TransformJobName']}/out/{key}")
    return content


def data_log(jobs: Any, found: dict[str, Any]) -> list[str]:
    group = "/aws/sagemaker/TransformJobs"
    streams = jobs.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{found['TransformJobName']}/")
    (name,) = [s["logStreamName"] for s in streams["logStreams"] if s["logStreamName"].endswith("/data-log")]
    events = jobs.logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)["events"]
    return [event["message"].partition(":[sagemaker logs]: ")[2] for event in events]


def test_files_become_out_files_in_the_order_of_their_records(jobs: Any) -> None:
    many = "".join(f"{number},abcdefghij\n" for number in range(150_000))  # more than two requests
    found = jobs.transform(UPPER, {"a.csv": "1,x\n2,y\n", "deep/b.csv": many, "empty.csv": ""}, MaxPayloadInMB=1)
    assert found["TransformJobStatus"] == "Completed"
    assert found["CreationTime"] <= found["TransformStartTime"] <= found["TransformEndTime"]
    name = found["TransformJobName"]
    assert jobs.keys(f"{name}/out") == [f"{name}/out/{key}.out" for key in ("a.csv", "deep/b.csv", "empty.csv")]
    assert result(jobs, found, "a.csv.out") == b"1,X\n2,Y\n"
    assert result(jobs, found, "deep/b.csv.out") == many.upper().encode()
    assert data_log(jobs, found) == ["MaxConcurrentTransforms=1, MaxPayloadInMB=1, BatchStrategy=MULTI_RECORD"]


def test_input_is_filtered_joined_and_filtered(jobs: Any) -> None:
    found = jobs.transform(
        UPPER,
        {"a.csv": "7,a,b\n8,c,d\n"},
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert result(jobs, found, "a.csv.out") == b"7,B\n8,D\n"


@pytest.mark.parametrize(("strategy", "counts"), [("MultiRecord", b"3\n3\n3\n"), ("SingleRecord", b"1\n1\n1\n")])
def test_strategies(jobs: Any, strategy: str, counts: bytes) -> None:
    found = jobs.transform(COUNT, {"a.csv": "1\n2\n3\n"}, BatchStrategy=strategy)
    assert result(jobs, found, "a.csv.out") == counts


def test_a_whole_gzip_file_out_of_a_manifest(jobs: Any) -> None:
    jobs.put("manifest/a b.csv.gz", gzip.compress(b"x\ny"))
    jobs.put("manifest/other.csv", b"not in it")
    uri = jobs.put("manifest.json", json.dumps([{"prefix": "s3://jobs/manifest/"}, "a b.csv.gz"]))
    found = jobs.transform(
        UPPER,
        {},
        input={
            "DataSource": {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": uri}},
            "SplitType": "None",
            "CompressionType": "Gzip",
        },
        output={"AssembleWith": "None"},
    )
    assert jobs.keys(f"{found['TransformJobName']}/out") == [f"{found['TransformJobName']}/out/a b.csv.gz.out"]
    assert result(jobs, found, "a b.csv.gz.out") == b"X\nY"


SEEN = """
import json, os
PARAMETERS = {"MaxConcurrentTransforms": 2, "BatchStrategy": "SINGLE_RECORD", "MaxPayloadInMB": 3}
def answer(body, headers):
    seen = {key: value for key, value in os.environ.items() if key.startswith("SAGEMAKER_") or key == "MINE"}
    return 200, json.dumps([seen, headers["content-type"], headers["accept"]]).encode()
"""


def test_what_the_container_finds_and_asks_for(jobs: Any) -> None:
    asked = jobs.transform(SEEN, {"a.csv": "1"}, Environment={"MINE": "yes"})
    seen, content_type, accept = json.loads(result(jobs, asked, "a.csv.out"))
    assert seen == {"SAGEMAKER_BATCH": "true", "MINE": "yes"}
    assert (content_type, accept) == ("text/csv", "text/csv")
    assert data_log(jobs, asked) == ["MaxConcurrentTransforms=2, MaxPayloadInMB=3, BatchStrategy=SINGLE_RECORD"]

    told = jobs.transform(
        SEEN, {"a.csv": "1"}, MaxConcurrentTransforms=3, MaxPayloadInMB=5, BatchStrategy="MultiRecord"
    )
    assert json.loads(result(jobs, told, "a.csv.out"))[0] == {
        "SAGEMAKER_BATCH": "true",
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": "3",
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": "5",
        "SAGEMAKER_BATCH_STRATEGY": "MULTI_RECORD",
    }
    assert data_log(jobs, told) == ["MaxConcurrentTransforms=3, MaxPayloadInMB=5, BatchStrategy=MULTI_RECORD"]


#: Answers once two requests are here at the same time.
TOGETHER = """
import threading
both = threading.Barrier(2, timeout=50)
def answer(body, headers):
    both.wait()
    return 200, body
"""


def test_requests_go_side_by_side(jobs: Any) -> None:
    found = jobs.transform(TOGETHER, {"a.csv": "1\n2\n3\n4\n"}, BatchStrategy="SingleRecord", MaxConcurrentTransforms=2)
    assert result(jobs, found, "a.csv.out") == b"1\n2\n3\n4\n"


def test_instances_share_the_files(jobs: Any) -> None:
    found = jobs.transform(
        "import os\ndef answer(body, headers): return 200, str(os.getpid()).encode()",
        {f"{number}.csv": "1\n" for number in range(4)},
        hosts=2,
    )
    processes = [result(jobs, found, f"{number}.csv.out") for number in range(4)]
    assert processes[0] == processes[2] != processes[1] == processes[3]


PARTLY = """
calls = []
def answer(body, headers):
    calls.append(body)
    if b"bad" in body: return 400, b"no such record: %d" % len(calls)
    if b"broken" in body: return 503, b"call %d" % len(calls)
    if b"once" in body and len(calls) == 1: return 500, b""
    return 200, body
"""


def test_a_refused_record_fails_its_file_and_the_job_and_keeps_the_other_results(jobs: Any) -> None:
    found = jobs.transform(PARTLY, {"a.csv": "bad\n", "b.csv": "good\n"})
    assert found["TransformJobStatus"] == "Failed"
    assert found["FailureReason"].startswith("ClientError: See job logs for more information")
    assert "400" in found["FailureReason"]
    name = found["TransformJobName"]
    assert jobs.keys(f"{name}/out") == [f"{name}/out/b.csv.out"]
    lines = ["ClientError: 400", "Message:", "no such record: 1"]  # once: what is refused is not asked again
    assert data_log(jobs, found)[1:] == [f"jobs/{name}/in/a.csv: {line}" for line in lines]


def test_what_breaks_is_asked_again(jobs: Any) -> None:
    found = jobs.transform(PARTLY, {"a.csv": "broken\n"}, ModelClientConfig={"InvocationsMaxRetries": 2})
    assert found["FailureReason"].startswith("AlgorithmError: See job logs for more information")
    assert "503" in found["FailureReason"]
    assert "call 3" in found["FailureReason"]
    found = jobs.transform(PARTLY, {"a.csv": "once\n"})
    assert found["TransformJobStatus"] == "Completed"


#: Dies when it is asked for the first time.
DIES = """
import os, pathlib
def answer(body, headers):
    mark = pathlib.Path(os.environ["MARK"])
    if not mark.exists():
        mark.touch()
        os._exit(9)
    return 200, body
"""


def test_a_container_that_dies_is_started_and_asked_again(jobs: Any, tmp_path: Any) -> None:
    model = jobs.model(DIES, MARK=str(tmp_path / "mark"))
    found = jobs.wait_transform(jobs.create_transform(model, {"a.csv": "1\n"}))
    assert found["TransformJobStatus"] == "Completed", found["FailureReason"]
    assert result(jobs, found, "a.csv.out") == b"1\n"


def test_containers_in_a_row_pass_the_records_on(jobs: Any) -> None:
    one = "def answer(body, headers): return 200, body.replace(b'\\n', b'-one\\n')"
    model = jobs.model(one, UPPER)
    found = jobs.wait_transform(
        jobs.create_transform(model, {"a.csv": "1\n2\n"}, DataProcessing={"JoinSource": "Input"})
    )
    assert result(jobs, found, "a.csv.out") == b"1,1-ONE\n2,2-ONE\n"


def test_an_answer_that_does_not_come_in_time(jobs: Any) -> None:
    found = jobs.transform(
        "import time\ndef answer(body, headers): time.sleep(50)",
        {"a.csv": "1"},
        ModelClientConfig={"InvocationsTimeoutInSeconds": 1, "InvocationsMaxRetries": 0},
    )
    assert "Unable to get response from algorithm" in found["FailureReason"]


def test_answers_that_do_not_match_their_records_fail_the_file(jobs: Any) -> None:
    found = jobs.transform(
        "def answer(body, headers): return 200, b'1\\n'", {"a.csv": "1\n2\n"}, DataProcessing={"JoinSource": "Input"}
    )
    assert found["TransformJobStatus"] == "Failed"
    assert "2 records have 1 results" in found["FailureReason"]


@pytest.mark.parametrize("member", ["InputFilter", "OutputFilter"])
def test_a_filter_that_finds_nothing_fails_its_file_alone(jobs: Any, member: str) -> None:
    found = jobs.transform(UPPER, {"a.csv": "1,2\n3\n", "b.csv": "1,x\n"}, DataProcessing={member: "$[1]"})
    assert found["FailureReason"].startswith("ClientError: See job logs")
    assert "no element 1 among 1" in found["FailureReason"]
    assert result(jobs, found, "b.csv.out") == b"X\n"
    assert jobs.keys(f"{found['TransformJobName']}/out/a") == []


def test_what_is_no_gzip_fails_its_file(jobs: Any) -> None:
    found = jobs.transform(
        UPPER, {"a.csv.gz": b"plain", "b.csv.gz": gzip.compress(b"1\n" * 99)[:-20]}, input={"CompressionType": "Gzip"}
    )
    assert "Not a gzipped file" in found["FailureReason"]
    assert jobs.keys(f"{found['TransformJobName']}/out") == []


def test_a_record_that_is_too_large(jobs: Any) -> None:
    found = jobs.transform(UPPER, {"a.csv": b"1\n" + b"x" * (1 << 20) + b"\n"}, MaxPayloadInMB=1)
    assert "ClientError: See job logs" in found["FailureReason"]
    assert "MaxPayloadInMB" in found["FailureReason"]


def test_a_container_that_cannot_start_says_why(jobs: Any) -> None:
    found = jobs.transform("raise ValueError('no weights here')", {"a.csv": "1"})
    assert found["TransformJobStatus"] == "Failed"
    assert found["FailureReason"].startswith("AlgorithmError: ")
    assert "no weights here" in found["FailureReason"]


def test_no_input_is_a_failure_with_its_address(jobs: Any) -> None:
    found = jobs.transform(UPPER, {})
    assert "No S3 objects found" in found["FailureReason"]


def test_captured_manifests_and_inference_ids(jobs: Any) -> None:
    found = jobs.transform(
        UPPER,
        {"a.csv": "a\nb\n", "deep/b.csv": "c\n"},
        DataCaptureConfig={"DestinationS3Uri": "s3://jobs/capture", "GenerateInferenceId": True},
    )
    name, at = found["TransformJobName"], found["TransformStartTime"].astimezone(tz=None)
    rows = [line.split(",") for line in result(jobs, found, "a.csv.out").decode().split()]
    assert [row[0] for row in rows] == ["A", "B"]
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(uuid, row[1]) for row in rows)
    assert rows[0][1] != rows[1][1]
    utc = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at.timestamp()))
    assert {row[2] for row in rows} == {utc}
    hour = time.strftime("%Y/%m/%d/%H", time.gmtime(at.timestamp()))
    (given,) = jobs.keys(f"capture/input/{hour}/")
    (made,) = jobs.keys(f"capture/output/{hour}/")
    assert json.loads(jobs.get(f"s3://jobs/{given}")) == [{"prefix": f"s3://jobs/{name}/in/"}, "a.csv", "deep/b.csv"]
    expected = [{"prefix": f"s3://jobs/{name}/out/"}, "a.csv.out", "deep/b.csv.out"]
    assert json.loads(jobs.get(f"s3://jobs/{made}")) == expected


@pytest.mark.parametrize(
    ("members", "code", "text"),
    [
        ({"input": {"SplitType": "RecordIO"}}, "NotImplemented", "SplitType RecordIO"),
        ({"input": {"SplitType": "TFRecord"}}, "NotImplemented", "SplitType TFRecord"),
        ({"DataProcessing": {"InputFilter": "$..x"}}, "ValidationException", "filter that is not supported"),
        ({"MaxPayloadInMB": 60, "MaxConcurrentTransforms": 2}, "ValidationException", "120 MB"),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "output": {"Accept": "image/png"}},
            "ValidationException",
            "TransformOutput.Accept",
        ),
        (
            {"DataProcessing": {"JoinSource": "Input"}, "output": {"AssembleWith": "None"}},
            "ValidationException",
            "AssembleWith Line",
        ),
        (
            {
                "input": {
                    "DataSource": {"S3DataSource": {"S3DataType": "AugmentedManifestFile", "S3Uri": "s3://jobs/m"}}
                }
            },
            "NotImplemented",
            "AugmentedManifestFile",
        ),
    ],
)
def test_what_is_refused_at_once(jobs: Any, members: dict[str, Any], code: str, text: str) -> None:
    model = jobs.model(UPPER)
    with pytest.raises(ClientError, match=text) as caught:
        jobs.create_transform(model, {}, **members)
    assert caught.value.response["Error"]["Code"] == code


def test_names_are_unique_and_models_must_be_there(jobs: Any) -> None:
    found = jobs.transform(UPPER, {"a.csv": "1"})
    with pytest.raises(ClientError, match="must be unique"):
        jobs.create_transform(found["ModelName"], {}, name=found["TransformJobName"])
    with pytest.raises(ClientError, match="Could not find"):
        jobs.create_transform("no-such-model", {})
    with pytest.raises(ClientError, match="in status Completed"):
        jobs.sagemaker.stop_transform_job(TransformJobName=found["TransformJobName"])
    listed = jobs.sagemaker.list_transform_jobs(NameContains=found["TransformJobName"])["TransformJobSummaries"]
    assert [job["TransformJobStatus"] for job in listed] == ["Completed"]
    tags = [{"Key": "a", "Value": "b"}]
    jobs.sagemaker.add_tags(ResourceArn=found["TransformJobArn"], Tags=tags)
    assert jobs.sagemaker.list_tags(ResourceArn=found["TransformJobArn"])["Tags"] == tags


#: Says in a file beside its environment's UP that it is asked, and answers once there is UP.go.
WAITS = """
import os, pathlib, time
def answer(body, headers):
    up = pathlib.Path(os.environ["UP"])
    up.write_text(str(os.getpid()))
    while not pathlib.Path(str(up) + ".go").exists(): time.sleep(0.01)
    return 200, body
"""


def gone(pid: int) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def test_a_stopped_job_leaves_neither_results_nor_a_process(jobs: Any, tmp_path: Any) -> None:
    up = tmp_path / "up"
    name = jobs.create_transform(jobs.model(WAITS, UP=str(up)), {"a.csv": "1", "b.csv": "2"})
    jobs.appears(up)
    jobs.sagemaker.stop_transform_job(TransformJobName=name)
    found = jobs.wait_transform(name)
    assert found["TransformJobStatus"] == "Stopped"
    assert gone(int(up.read_text()))
    assert jobs.keys(f"{name}/out") == []


#: A server that dies in the commit that would end a transform job.
DEADLY = """
import os, signal, sys
from local_aws.__main__ import main
from local_aws.jobs.transform.transform import Transform

Transform.finish = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(main(["serve", "--home", sys.argv[1], "--images", sys.argv[2]]))
"""


def becomes(home: Path, status: str) -> launch.Status:
    end = time.monotonic() + 60
    while (found := launch.status(home)).Status != status:
        assert time.monotonic() < end, found
        time.sleep(0.01)
    return found


def test_results_and_end_are_one_commit(own_jobs: Any) -> None:
    jobs = own_jobs
    jobs.kill()
    becomes(jobs.home, "Stopped")
    server = subprocess.Popen([sys.executable, "-c", DEADLY, str(jobs.home), str(jobs.images)])
    jobs.status = becomes(jobs.home, "Running")
    name = jobs.create_transform(jobs.model(UPPER), {"a.csv": "x\n", "b.csv": "y\n"})
    server.wait(60)
    jobs.up()
    found = jobs.wait_transform(name)
    assert found["TransformJobStatus"] == "Completed"
    assert jobs.keys(f"{name}/out") == [f"{name}/out/a.csv.out", f"{name}/out/b.csv.out"]
    assert len(list((jobs.home / "blobs").glob("??/*"))) == len(jobs.keys(""))  # what was staged before is gone


def test_a_killed_server_begins_the_job_again(own_jobs: Any, tmp_path: Any) -> None:
    jobs, up = own_jobs, tmp_path / "up"
    name = jobs.create_transform(jobs.model(WAITS, UP=str(up)), {"a.csv": "1\n", "b.csv": "2\n"})
    jobs.appears(up)
    first = int(up.read_text())
    jobs.kill()
    (tmp_path / "up.go").touch()
    jobs.up()
    found = jobs.wait_transform(name)
    assert found["TransformJobStatus"] == "Completed"
    assert gone(first)
    assert int(up.read_text()) != first
    assert [result(jobs, found, key) for key in ("a.csv.out", "b.csv.out")] == [b"1\n", b"2\n"]


def test_a_step_of_a_pipeline_and_its_cache(jobs: Any) -> None:
    model = jobs.model(UPPER)
    jobs.put("step/in/a.csv", "1,x\n")

    def step(out: str, filtered: str) -> dict[str, Any]:
        return {
            "Name": "Score",
            "Type": "Transform",
            "CacheConfig": {"Enabled": True, "ExpireAfter": "1d"},
            "Arguments": {
                "ModelName": model,
                "TransformInput": {
                    "ContentType": "text/csv",
                    "SplitType": "Line",
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://jobs/step/in/"}},
                },
                "TransformOutput": {"Accept": "text/csv", "AssembleWith": "Line", "S3OutputPath": out},
                "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
                "DataProcessing": {"OutputFilter": filtered},
            },
        }

    pipelines = Pipelines(jobs.sagemaker)
    name = pipelines.create([step("s3://jobs/step/out", "$[1]")])
    hits = []
    for out, filtered in (("out", "$[1]"), ("elsewhere", "$[1]"), ("out", "$[0]")):
        text = json.dumps(definition([step(f"s3://jobs/step/{out}", filtered)]))
        jobs.sagemaker.update_pipeline(PipelineName=name, PipelineDefinition=text)
        arn = pipelines.start(name)
        assert pipelines.end(arn)["PipelineExecutionStatus"] == "Succeeded", pipelines.steps(arn)
        score = pipelines.steps(arn)["Score"]
        assert ":transform-job/pipelines-" in score["Metadata"]["TransformJob"]["Arn"]
        hits.append("CacheHitResult" in score)
    assert hits == [False, True, False]
    assert jobs.get("s3://jobs/step/out/a.csv.out") == b"1\n"
    assert jobs.keys("step/elsewhere") == []


def test_eventbridge_hears_of_the_job(jobs: Any) -> None:
    clients = {name: connect(name, jobs.status.Endpoint) for name in ("events", "sqs")}
    url = clients["sqs"].create_queue(QueueName="transforms")["QueueUrl"]
    arn = clients["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"detail-type": ["SageMaker Transform Job State Change"], "detail": {"TransformJobStatus": ["Completed"]}}
    clients["events"].put_rule(Name="transforms", EventPattern=json.dumps(pattern))
    clients["events"].put_targets(Rule="transforms", Targets=[{"Id": "queue", "Arn": arn}])
    found = jobs.transform(UPPER, {"a.csv": "1"})
    (message,) = clients["sqs"].receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    event = json.loads(message["Body"])
    assert event["source"] == "aws.sagemaker"
    assert event["resources"] == [found["TransformJobArn"]]
    assert event["detail"]["TransformEndTime"] == round(found["TransformEndTime"].timestamp() * 1000)
    clients["events"].remove_targets(Rule="transforms", Ids=["queue"])
    clients["events"].delete_rule(Name="transforms")
