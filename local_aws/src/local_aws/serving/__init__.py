"""Models that answer: a model's containers as processes under SageMaker's serving contract, for endpoints and jobs."""

from local_aws.serving.chain import Chain
from local_aws.serving.connection import Answer
from local_aws.serving.failure import ServingError
from local_aws.serving.serving import Serving

__all__ = ["Answer", "Chain", "Serving", "ServingError"]
