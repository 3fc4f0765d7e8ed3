"""What the image's gunicorn runs (`SAGEMAKER_SERVING_MODULE=inference.app:app`): the model is loaded at boot."""

import gc
import os
from pathlib import Path

from inference.application import Application
from inference.model import load
from inference.serving import from_environment

app = Application(load(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))), from_environment(os.environ))

# What stands now stays: no collection need look through the modules and the model again.
gc.freeze()
