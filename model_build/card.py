"""What the configuration says about a model in the words of SageMaker's model card; the jobs add what they find."""

from collections.abc import Mapping
from typing import Any

from contract.documents import Document
from model_build.algorithms import ALGORITHMS
from model_build.config import Config, tuning

#: Section of the card → its member → the key of [card].
SECTIONS = {
    "model_overview": {"model_creator": "owner"},
    "intended_uses": {
        "purpose_of_model": "purpose",
        "intended_uses": "intended_uses",
        "factors_affecting_model_efficiency": "factors",
        "risk_rating": "risk_rating",
        "explanations_for_risk_rating": "risk_explanation",
    },
    "business_details": {
        "business_problem": "business_problem",
        "business_stakeholders": "stakeholders",
        "line_of_business": "line_of_business",
    },
    "additional_information": {
        "ethical_considerations": "ethics",
        "caveats_and_recommendations": "caveats",
        "custom_details": "details",
    },
}


def sections(config: Config) -> Document:
    """The sections of a card that are known before anything runs; what is not said is left out."""
    said = config.card.model_dump()
    known = {
        section: {member: said[key] for member, key in members.items() if said[key]}
        for section, members in SECTIONS.items()
    }
    return {section: members for section, members in known.items() if members}


def training(config: Config, own_model: bool, hyperparameters: Mapping[str, Any]) -> Document:
    """How the model is trained: `training` of `verdict.json`, see `model_build.jobs.training_told`.

    hyperparameters  what the training job is given; what is tuned is known when the tuning job has run
    """
    algorithm = ALGORITHMS[config.train.algorithm].title
    engine = " (SageMaker's own image)" if config.train.engine == "builtin" else ""
    tuned = tuning.ranges(config) if config.tuning.enabled else {}
    # How the threshold is chosen is told with the threshold.
    known = {*tuned, "threshold_rule"}
    return {
        "algorithm": "a train.py of its own" if own_model else f"{algorithm}{engine}",
        "hyperparameters": {name: _text(value) for name, value in hyperparameters.items() if name not in known},
        **({"tuning": _tuning(config, tuned)} if tuned else {}),
    }


def _tuning(config: Config, tuned: Mapping[str, Any]) -> Document:
    metric, direction = tuning.objective(config)
    return {
        "strategy": config.tuning.strategy,
        "jobs": config.tuning.max_jobs,
        "objective": f"validation:{metric}",
        "direction": direction,
        "ranges": {
            name: ", ".join(map(str, row.values)) if row.values else f"{row.min} to {row.max}"
            for name, row in tuned.items()
        },
    }


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
