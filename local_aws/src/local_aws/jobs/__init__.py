"""Jobs: a request becomes programs in folders shaped like /opt/ml, and their results become objects and a status."""

from local_aws.jobs.jobs import Jobs
from local_aws.jobs.workers import Workers

__all__ = ["Jobs", "Workers"]
