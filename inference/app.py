"""What the image's gunicorn runs (`SAGEMAKER_SERVING_MODULE=inference.app:app`): the model is loaded at boot."""

import os
from pathlib import Path

from inference.application import Application
from inference.model import load
from inference.serving import from_environment

app = Application(load(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))), from_environment(os.environ))
