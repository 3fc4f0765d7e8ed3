"""The Processing job PreprocessEncode: a host's share of the raw rows → train/, validation/, test/ and test_raw/.

Environment: INPUT (folder of CSV or Parquet), PREPROCESSOR (folder that Fit wrote), OUTPUT (folder), RESOURCE_CONFIG
(the file that names the host; SageMaker writes it to the default path), CSV (a further folder, for the built-in
algorithms: see `csv_channels`; not set without one), SHARDS (files of training rows; not set for one).
"""

import os

from contract import documents
from contract.errors import InputError
from contract.preprocessor import Preprocessor
from model_build.jobs import csv_channels, shards
from model_build.jobs.program import folder, own_features, program
from preprocessing.write import encode_files


@program
def main() -> None:
    fitted = folder("PREPROCESSOR")
    preprocessor = Preprocessor.from_document(documents.read(fitted / "preprocessor.json"))
    resources = folder("RESOURCE_CONFIG", "/opt/ml/config/resourceconfig.json")
    host = documents.read(resources).get("current_host")
    if not isinstance(host, str):
        raise InputError(f"{resources} does not name the current_host.")
    rows = encode_files(
        source=folder("INPUT"),
        preprocessor=preprocessor,
        duplicates=fitted / "duplicates",
        output=folder("OUTPUT"),
        host=host,
        features=own_features(preprocessor.columns),
    )
    if os.environ.get("CSV"):
        csv_channels.write(folder("OUTPUT"), folder("CSV"))
    if os.environ.get("SHARDS"):
        shards.spread(folder("OUTPUT") / "train", int(os.environ["SHARDS"]))
    print(f"{host}: " + ", ".join(f"{side} {count}" for side, count in rows.items()), flush=True)


if __name__ == "__main__":
    main()
