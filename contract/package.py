"""The model package: what training leaves, what registration adds, what deployment relies on."""

from dataclasses import dataclass
from typing import Any

#: Inside `model.tar.gz`. The XGBoost image loads every top-level file as a model, so all others stand in `code/`.
MODEL = "xgboost-model"
CODE = "code"
FOREST = "code/random-cut-forest.npz"
PREPROCESSOR = "code/preprocessor.json"
DECISION = "code/decision.json"

#: Written by PreprocessFit beside the preprocessor: the rows to train on, in Model Monitor's schema, and a folder with
#: their label and facets.
STATISTICS = "statistics.json"
CONSTRAINTS = "constraints.json"
GROUPS = "groups"

#: Written by Evaluate, one prefix: the figures, the comparison with the champion, if there is one, the golden records,
#: and, for an analysis that reads files, folders of raw test rows to compare and to explain.
EVALUATION = "evaluation.json"
CHAMPION = "champion.json"
GOLDEN = "golden.jsonl"
PAYLOAD = "payload.tar.gz"
COMPARED = "compared"
EXPLAINED = "explained"

#: Written by Analyze, one prefix: bias and explanations in Clarify's schema, the same in words for the report, what
#: violates an earlier analysis (when there is one), and what explains each row.
ANALYSIS = "analysis.json"
PAGE = "page.json"
VIOLATIONS = "constraint_violations.json"
EXPLANATIONS = "explanations_shap/out.csv"

#: Written by Verdict, one prefix: the flat document of the gate, and what a person reads.
GATE = "gate.json"
REPORT = "report.html"

#: Beside them the model card: its content, a page, and the text that registration sends.
CARD = "card.json"
CARD_PAGE = "card.html"
REGISTRATION = "registration.json"

#: Keys of CustomerMetadataProperties; the values are at most 256 characters.
DATA_HASH = "data-sha256"
CODE_HASH = "code-sha256"
ARTEFACT_HASH = "artefact-sha256"
GOLDEN_URL = "golden-records"
METRIC_PREFIX = "metric-"


@dataclass(frozen=True)
class Golden:
    """A raw test record and the decision of training time.

    record    raw column → text, number or None
    score     the probability of class 1, the probabilities by class, or the value of a regression
    decision  the class's text, or the value of a regression
    """

    record: dict[str, Any]
    score: float | list[float]
    decision: str | float
