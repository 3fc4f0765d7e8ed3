"""What most people serve: a pandas + scikit-learn pipeline around XGBoost. `python serving_pipeline.py CSV FOLDER`."""

import io
import sys
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from xgboost import XGBClassifier

NAMES = [f"n{at}" for at in range(26)] + [f"c{at}" for at in range(4)]


def fitted(rows: pd.DataFrame) -> Any:
    numeric, categorical = NAMES[:26], NAMES[26:]
    columns = ColumnTransformer(
        [
            ("numeric", SimpleImputer(strategy="median"), numeric),
            ("categorical", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), categorical),
        ]
    )
    return make_pipeline(columns, XGBClassifier(n_estimators=100, max_depth=6, n_jobs=1)).fit(rows[NAMES], rows["y"])


def read(body: bytes | str) -> pd.DataFrame:
    text = body.decode() if isinstance(body, bytes) else body
    return pd.read_csv(io.StringIO(text), header=None, names=NAMES)


def answer(pipeline: Any, body: bytes | str) -> str:
    """A body of CSV → decision and score, a line each."""
    scores = pipeline.predict_proba(read(body))[:, 1]
    return pd.DataFrame({"decision": scores >= 0.5, "score": scores}).to_csv(header=False, index=False)


def main(source: str, target: str) -> None:
    pipeline = fitted(pd.read_csv(source))
    joblib.dump(pipeline, Path(target) / "pipeline.joblib")
    try:
        import mlflow.sklearn
    except ImportError:
        return
    mlflow.sklearn.save_model(pipeline, str(Path(target) / "mlflow"), serialization_format="cloudpickle")


if __name__ == "__main__":
    main(*sys.argv[1:])
