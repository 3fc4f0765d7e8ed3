"""What the configuration says about a model in the words of SageMaker's model card; the jobs add what they find."""

from contract.documents import Document
from model_build.config import Config

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
