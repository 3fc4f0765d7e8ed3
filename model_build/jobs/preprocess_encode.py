"""The Processing job PreprocessEncode: a host's share of the raw rows → train/, validation/, test/ and test_raw/.

Environment: INPUT (folder of CSV or Parquet), PREPROCESSOR (folder that Fit wrote), OUTPUT (folder), RESOURCE_CONFIG
(the file that names the host; SageMaker writes it to the default path).
"""

import os
from pathlib import Path

from contract import documents
from contract.preprocessor import Preprocessor
from model_build.jobs.program import own_features, program
from preprocessing.write import encode_files


@program
def main() -> None:
    fitted = Path(os.environ["PREPROCESSOR"])
    preprocessor = Preprocessor.from_document(documents.read(fitted / "preprocessor.json"))
    host = documents.read(Path(os.environ.get("RESOURCE_CONFIG", "/opt/ml/config/resourceconfig.json")))["current_host"]
    rows = encode_files(
        source=Path(os.environ["INPUT"]),
        preprocessor=preprocessor,
        duplicates=fitted / "duplicates",
        output=Path(os.environ["OUTPUT"]),
        host=host,
        features=own_features(preprocessor.columns),
    )
    print(f"{host}: " + ", ".join(f"{side} {count}" for side, count in rows.items()), flush=True)


if __name__ == "__main__":
    main()
