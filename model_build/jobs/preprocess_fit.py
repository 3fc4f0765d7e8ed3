"""The Processing job PreprocessFit: raw rows → `preprocessor.json`, `features.json`, `duplicates/`, `findings.json`.

Environment: INPUT (folder of CSV or Parquet), SETTINGS (`preprocess.json`), OUTPUT (folder).
"""

from contract import documents
from model_build.jobs.program import folder, own_features, program
from preprocessing.fit import fit
from preprocessing.settings import Settings


@program
def main() -> None:
    source, output = folder("INPUT"), folder("OUTPUT")
    settings = Settings.from_document(documents.read(folder("SETTINGS")))
    fitted = fit(source, settings, own_features(settings.columns))
    fitted.duplicates.write(output / "duplicates")
    documents.write(output / "findings.json", fitted.findings)
    documents.write(output / "preprocessor.json", fitted.preprocessor.to_document())
    # For steps that must know it before they start: the built-in algorithms ask for the number of features.
    documents.write(output / "features.json", {"feature_dim": len(fitted.preprocessor.feature_names)})
    print("rows: " + ", ".join(f"{name} {count}" for name, count in fitted.findings["rows"].items()), flush=True)
    for warning in fitted.findings["warnings"]:
        print(f"WARNING {warning}", flush=True)


if __name__ == "__main__":
    main()
