"""CreateProcessingJob and its siblings: one set of handlers for every kind of job."""

from typing import Any

from local_aws.crud import page
from local_aws.jobs.jobs import KINDS, Jobs
from local_aws.operations import Aws, Operations, Request, Result

operations = Operations("sagemaker")

#: SortBy and SortOrder of lists without them, where the API reference has others than oldest first.
_DEFAULTS = {"Transform": ("CreationTime", "Descending"), "HyperParameterTuning": ("Name", "Ascending")}


def _register(kind: str) -> None:
    what = KINDS[kind]

    def create(aws: Aws, request: Request) -> Result:
        return {what.arn_member: aws.part(Jobs).submit(kind, request)}

    def describe(aws: Aws, request: Request) -> Result:
        return aws.part(Jobs).describe(kind, request[what.name_member])

    def stop(aws: Aws, request: Request) -> Result:
        aws.part(Jobs).stop(kind, request[what.name_member])
        return None

    def delete(aws: Aws, request: Request) -> Result:
        aws.part(Jobs).remove(kind, request[what.name_member])
        return None

    def list_jobs(aws: Aws, request: Request) -> Result:
        jobs = (aws.part(Jobs).describe(kind, name) for name, _ in aws.store.scan(what.store_kind))
        sort_by: dict[str, Any] = {"Name": "", "CreationTime": "CreationTime", "Status": what.status_member}
        return page(
            jobs,
            request,
            into=f"{kind}JobSummaries",
            name=what.name_member,
            sort_by=sort_by,
            default=_DEFAULTS.get(kind, ("CreationTime", "Ascending")),
            filters={"StatusEquals": what.status_member},
            size=10,
        )

    operations(f"Create{kind}Job")(create)
    operations(f"Describe{kind}Job")(describe)
    operations(f"Stop{kind}Job")(stop)
    if what.deletable:
        operations(f"Delete{kind}Job")(delete)
    operations(f"List{kind}Jobs")(list_jobs)


for _kind in KINDS:
    _register(_kind)
