"""BentoML: one worker around the same pipeline."""

import os

import bentoml
import joblib
from serving_pipeline import answer


@bentoml.service(workers=1)
class Scorer:
    def __init__(self) -> None:
        self.pipeline = joblib.load(os.environ["PEER_MODEL"] + "/pipeline.joblib")

    @bentoml.api(route="/invocations")
    def invocations(self, line: str) -> str:
        return answer(self.pipeline, line)
