"""What runs beside Evaluate with the champion's own code: its endpoint, asked for the test rows in this process.

Arguments: the folder of the champion's unpacked artefact, the folder of the raw test rows, the file for the answers.
The artefact's `code/` stands on PYTHONPATH, so that `inference` is the champion's. It is asked as SageMaker asks it,
by POST /invocations: that contract outlives the modules behind it. Standard library and pyarrow.

The answer is a JSON document: {"scores": […]} in the order of the rows, or {"reason": why there are none}.
"""

import importlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

#: A request holds a file of test rows: the limits of real-time endpoints are not meant.
LARGEST = str(1 << 40)

#: Rows of one request: its limit is the memory that they take decoded.
ROWS = 100_000

PARQUET, JSON_LINES = "application/x-parquet", "application/jsonlines"


class RefusedError(Exception):
    """The champion does not take the rows; the message is its own reason."""


def answer(artefact: Path, rows: Path) -> dict[str, Any]:
    """Scores of all rows, or the reason why there are none."""
    os.environ |= {"SM_MODEL_DIR": str(artefact), "MAX_CONTENT_LENGTH": LARGEST}
    try:
        app = importlib.import_module("inference.app").app
        scores = [score for path in sorted(rows.rglob("*.parquet")) for score in _scores(app, path)]
    except RefusedError as error:
        return {"reason": str(error)}
    except Exception as error:  # noqa: BLE001  code of another version may raise anything
        return {"reason": f"its own code fails: {type(error).__name__}: {error}"}
    return {"scores": scores}


def _scores(app: Any, path: Path) -> list[Any]:
    found: list[Any] = []
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(ROWS):
            body = io.BytesIO()
            with pq.ParquetWriter(body, batch.schema) as writer:
                writer.write_batch(batch)
            found += [json.loads(line)["score"] for line in _post(app, body.getvalue()).splitlines()]
    return found


def _post(app: Any, body: bytes) -> bytes:
    """The body of the answer. Raises RefusedError with the champion's reason when it is none of 200."""
    told: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/invocations",
        "CONTENT_TYPE": PARQUET,
        "HTTP_ACCEPT": JSON_LINES,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    content = b"".join(app(environ, lambda status, _headers: told.append(status)))
    if not told[0].startswith("200"):
        raise RefusedError(_reason(content))
    return content


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content[:300].decode(errors="replace")


if __name__ == "__main__":
    Path(sys.argv[3]).write_text(json.dumps(answer(Path(sys.argv[1]), Path(sys.argv[2]))), encoding="utf-8")
