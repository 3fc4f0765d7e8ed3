"""What the image's gunicorn runs (`SAGEMAKER_SERVING_MODULE=inference.app:app`): the model is loaded at boot."""

import os
from pathlib import Path

from inference.application import Application
from inference.model import load

app = Application(load(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))))
