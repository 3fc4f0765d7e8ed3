"""`serve` of the XGBoost and scikit-learn images, as far as SAGEMAKER_SERVING_MODULE goes.

On AWS nginx (unless SAGEMAKER_USE_NGINX is false) and gunicorn answer with the module's WSGI callable, one worker a
CPU. Here one worker answers with the same callable, in the loop of `server.py`, on the socket that was handed over
(LISTEN_FDS); neither nginx nor gunicorn is needed on this machine. What runs beside it on AWS is measured elsewhere.
Script mode (SAGEMAKER_PROGRAM) and algorithm mode are refused by name.

After sagemaker-inference-toolkit's and sagemaker-xgboost-container's serving entry points.
"""

import importlib
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any

from .server import serve

#: The first descriptor of socket activation.
LISTENER = 3


def refusal(environment: Mapping[str, str]) -> str | None:
    """Why these variables cannot be served here, or None."""
    if program := environment.get("SAGEMAKER_PROGRAM"):
        return (
            f"SAGEMAKER_PROGRAM={program}: script mode is not supported here; set SAGEMAKER_SERVING_MODULE=module:app"
            " and PYTHONPATH to serve a WSGI callable, which the image can as well."
        )
    if ":" not in environment.get("SAGEMAKER_SERVING_MODULE", ""):
        return (
            "SAGEMAKER_SERVING_MODULE is missing: the image would serve in algorithm mode, which is not supported here;"
            " set it to module:app."
        )
    return None


def find(name: str) -> Any:
    """The callable that `module:attribute` names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def main() -> None:
    if reason := refusal(os.environ):
        sys.exit(f"local_aws: {reason}")
    application = find(os.environ["SAGEMAKER_SERVING_MODULE"])
    serve(application, socket.socket(fileno=LISTENER))


if __name__ == "__main__":
    main()
