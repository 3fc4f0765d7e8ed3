"""What the image's gunicorn runs in the last container of a chain."""

import os
from pathlib import Path

from inference.chain import Deciding, load_deciding
from inference.serving import from_environment

app = Deciding(load_deciding(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))), from_environment(os.environ))
