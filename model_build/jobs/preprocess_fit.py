"""The Processing job PreprocessFit: raw rows → `preprocessor.json`, `features.json`, `duplicates/`, `findings.json`.

Also `statistics.json` and `constraints.json` of the rows to train on, which monitors hold later data against, and,
where there are facets, `groups/`: label, facets and group variable of these rows, for the bias of the data.

Environment: INPUT (folder of CSV or Parquet), SETTINGS (`preprocess.json`), OUTPUT (folder), GROUP_VARIABLE (a column,
not set without one), COMPARED (`compared.json`: what an analysis will compare; not set without groups to compare).
"""

import os
from contextlib import nullcontext

import pyarrow as pa

from analysis.quality.profile import Profile
from analysis.quality.statistics import constraints, statistics
from contract import documents, package
from model_build.jobs import compared
from model_build.jobs.compared import Compared
from model_build.jobs.program import folder, own_features, program
from preprocessing.fit import fit
from preprocessing.outputs import Output
from preprocessing.settings import Settings
from preprocessing.write import training_rows


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
    columns, profile = settings.columns, Profile()
    names = dict.fromkeys([columns.label, *columns.facets, *filter(None, [os.environ.get("GROUP_VARIABLE")])])
    wanted = tuple(names) if columns.facets else ()
    with Output(output / package.GROUPS, "groups", ()) if wanted else nullcontext() as groups:
        for batch, table in training_rows(source, fitted.preprocessor, output / "duplicates", wanted):
            profile.add(batch)
            if groups:
                numbers = {name: batch[name] for name in wanted if name in columns.numeric}
                groups.write(pa.table({name: numbers.get(name, table[name]) for name in wanted}))
    if os.environ.get("COMPARED"):
        settled = Compared.from_document(documents.read(folder("COMPARED")))
        compared.check(output / package.GROUPS, fitted.preprocessor, wanted, settled)
    found = statistics(profile)
    documents.write(output / package.STATISTICS, found)
    documents.write(output / package.CONSTRAINTS, constraints(found))
    print("rows: " + ", ".join(f"{name} {count}" for name, count in fitted.findings["rows"].items()), flush=True)
    for warning in (*fitted.findings["split"], *fitted.findings["warnings"]):
        print(f"WARNING {warning}", flush=True)


if __name__ == "__main__":
    main()
