"""What a pipeline begins with: a commit or an object, as a zip file in the pipeline's bucket."""

import zipfile
from dataclasses import dataclass

from local_aws.codecommit import archives, references, repositories
from local_aws.delivery.pipelines import artifacts
from local_aws.delivery.pipelines.actions.kind import ActionKind, Document, Job, Outcome
from local_aws.errors import AwsError, NotSupported
from local_aws.s3 import objects


@dataclass(frozen=True)
class _Found:
    """A source's bytes, staged, and what is to be said of them."""

    staged: objects.Staged
    revision: Document
    variables: dict[str, str]


class _Source(ActionKind):
    def begin(self, job: Job, prepared: _Found) -> Outcome:
        for where in job.outputs.values():
            artifacts.put(job.aws, job.declared, where, prepared.staged)
        revision, summary = prepared.revision, prepared.revision.get("revisionSummary", "")
        return Outcome(
            identity=revision["revisionId"], summary=summary, revision=revision, variables=prepared.variables
        )

    @staticmethod
    def override(job: Job, kind: str) -> str | None:
        """The revision of this kind that the execution was started with."""
        given = job.execution["Overrides"].get(job.record["actionName"], {})
        found: str | None = given.get(kind)
        return found


class CodeCommit(_Source):
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeCommit.html"""

    def check(self, action: Document) -> None:
        super().check(action)
        if (form := action["configuration"].get("OutputArtifactFormat", "CODE_ZIP")) != "CODE_ZIP":
            raise NotSupported(f"OutputArtifactFormat {form} ({action['name']})")

    def prepare(self, job: Job) -> _Found:
        name, branch = job.configuration["RepositoryName"], job.configuration["BranchName"]
        repository = repositories.find(job.aws, name)
        wanted = self.override(job, "COMMIT_ID") or references.branch(job.aws, repository, branch)
        commit = repositories.resolve(job.aws, repository, wanted)
        spare = job.aws.store.new_blob()  # swept at the next start if this machine is killed here
        archives.write(job.aws, repository, commit, spare)
        staged = objects.stage(job.aws, spare, take=True)
        seconds = int(commit["committer"]["date"].split()[0])
        revision = {"revisionId": commit["commitId"], "revisionSummary": commit["message"], "created": seconds}
        variables = {
            "RepositoryName": name,
            "BranchName": branch,
            "CommitId": commit["commitId"],
            "CommitMessage": commit["message"],
            "AuthorDate": commit["author"]["date"],
            "CommitterDate": commit["committer"]["date"],
        }
        return _Found(staged, revision, variables)


class Connection(CodeCommit):
    """GitHub is out of reach: a CodeCommit repository of the same last name part stands in when there is one.

    https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html
    """

    def prepare(self, job: Job) -> _Found:
        whole, branch = job.configuration["FullRepositoryId"], job.configuration["BranchName"]
        name = whole.rpartition("/")[2]
        if job.aws.store.get(repositories.REPOSITORIES, name) is None:
            raise AwsError(
                "ConfigurationError",
                f"local_aws reaches no GitHub: use CodeCommit, or make a CodeCommit repository {name} here,"
                f" which then stands in for {whole}.",
            )
        standing_in = job.record["input"] | {
            "resolvedConfiguration": {"RepositoryName": name, "BranchName": branch},
        }
        found = super().prepare(Job(job.aws, job.declared, job.execution, job.record | {"input": standing_in}))
        told = {key: found.variables[key] for key in ("BranchName", "CommitId", "CommitMessage", "AuthorDate")}
        arn = job.configuration["ConnectionArn"]
        return _Found(found.staged, found.revision, told | {"FullRepositoryName": whole, "ConnectionArn": arn})


class S3(_Source):
    """https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html"""

    def check(self, action: Document) -> None:
        super().check(action)
        if action["configuration"].get("PollForSourceChanges", "true").lower() != "false":
            raise NotSupported(
                f'polling of S3 ({action["name"]}): set PollForSourceChanges to "false" and let a rule on the'
                " bucket's events start the pipeline"
            )

    def prepare(self, job: Job) -> _Found:
        bucket = job.configuration["S3Bucket"]
        key = self.override(job, "S3_OBJECT_KEY") or job.configuration["S3ObjectKey"]
        if objects.bucket(job.aws, bucket).get("Versioning") != "Enabled":
            raise AwsError("ConfigurationError", f"The bucket {bucket} keeps no versions: S3 sources need them.")
        version = self.override(job, "S3_OBJECT_VERSION_ID")
        found = objects.find(job.aws, bucket, key, version) if version else objects.read(job.aws, bucket, key)
        if found is None or found.deleted:
            raise AwsError("ConfigurationError", f"s3://{bucket}/{key} has no version {version}.")
        if not zipfile.is_zipfile(found.blob):
            raise AwsError("ConfigurationError", f"s3://{bucket}/{key} is not a zip file.")
        revision = {
            "revisionId": found.version,
            "revisionSummary": f"Amazon S3 version id: {found.version}",
            "created": found.modified,
        }
        variables = {"BucketName": bucket, "ObjectKey": key, "ETag": found.etag, "VersionId": found.version}
        return _Found(objects.stage(job.aws, found.blob), revision, variables)


CODECOMMIT = CodeCommit(
    "Source",
    "CodeCommit",
    frozenset({"RepositoryName", "BranchName"}),
    frozenset({"PollForSourceChanges", "OutputArtifactFormat"}),
    outputs=(1, 1),
)
CONNECTION = Connection(
    "Source",
    "CodeStarSourceConnection",
    frozenset({"ConnectionArn", "FullRepositoryId", "BranchName"}),
    frozenset({"DetectChanges", "OutputArtifactFormat"}),
    outputs=(1, 1),
)
S3_SOURCE = S3(
    "Source",
    "S3",
    frozenset({"S3Bucket", "S3ObjectKey"}),
    frozenset({"PollForSourceChanges", "AllowOverrideForS3ObjectKey"}),
    outputs=(1, 1),
)
