"""What the image's gunicorn runs in the first container of a chain."""

import os
from pathlib import Path

from inference.chain import Encoding, load_encoding
from inference.serving import from_environment

app = Encoding(load_encoding(Path(os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))), from_environment(os.environ))
