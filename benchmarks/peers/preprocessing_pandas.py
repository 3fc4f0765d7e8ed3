"""The peer: the same work as the two preprocessing jobs, as pandas and scikit-learn do it.

Usage: preprocessing_pandas.py INPUT OUTPUT. Fills (median), scales and codes on the training rows of a stratified
70/15/15 split; writes train, validation, test and the raw test rows as Parquet, float32 and label first.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler


def main(source: Path, output: Path) -> None:
    frame = pd.read_parquet(source)
    label = "y"
    numeric = [name for name in frame if name.startswith("n")]
    categorical = [name for name in frame if name.startswith("c")]
    train, rest = train_test_split(frame, train_size=0.7, stratify=frame[label], random_state=0)
    validation, test = train_test_split(rest, train_size=0.5, stratify=rest[label], random_state=0)
    coder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, dtype=np.float32)
    encoder = ColumnTransformer(
        [
            ("numeric", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numeric),
            ("categorical", coder, categorical),
        ]
    )
    encoder.fit(train)
    for name, part in (("train", train), ("validation", validation), ("test", test)):
        encoded = pd.DataFrame(encoder.transform(part).astype(np.float32), columns=[*numeric, *categorical])
        encoded.insert(0, "label", part[label].to_numpy(dtype=np.float32))
        write(encoded, output / name)
    write(test, output / "test_raw")


def write(frame: pd.DataFrame, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(folder / "part.parquet", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
