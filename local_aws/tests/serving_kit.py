"""What tests of models that serve share: a small image, and artefacts made of a few lines of WSGI."""

from pathlib import Path

from archives_kit import tar

STAND_IN = Path(__file__).parents[2] / "containers" / "wsgi_stand_in"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/web:1"
TABLE = f"""
[[image]]
repository = "web"
tags = ["1"]
serve = ["python3", "-m", "wsgi_stand_in"]
code = ["{STAND_IN}"]
"""

SERVING = {"SAGEMAKER_SERVING_MODULE": "app:app", "PYTHONPATH": "/opt/ml/model/code"}


def artefact(source: str) -> bytes:
    """A model.tar.gz whose code/app.py is `source`."""
    return tar({"code/app.py": source})
