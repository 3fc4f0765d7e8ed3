"""The images of AWS that the steps run on."""

from functools import cache

from sagemaker.core import image_uris

#: Role → framework and version, as `image_uris` names them. Ends of patch: XGBoost 2027-05, scikit-learn 2027-07.
VERSIONS = {
    "processing": ("sklearn", "1.9-0"),
    "xgboost": ("xgboost", "3.2-0"),
    "random_cut_forest": ("randomcutforest", "1"),
    "clarify": ("clarify", "1.0"),
}


@cache
def uri(role: str, region: str) -> str:
    """The address of an image in `region`; no network."""
    framework, version = VERSIONS[role]
    return str(image_uris.retrieve(framework, region, version))
