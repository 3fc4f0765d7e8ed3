"""How the model was trained, in words and figures, for the report and the card.

Environment of Verdict: FINDINGS and PREPROCESSOR (folders with findings.json and preprocessor.json of PreprocessFit;
what is not set is not told), and, where a tuning job chose them, TUNED_<hyperparameter> (value in the best trial).
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contract import documents
from contract.documents import Document
from contract.preprocessor import Preprocessor
from contract.words import within
from model_build.jobs.program import folder

TUNED = "TUNED_"

#: Limits of the card's schema: hyperparameters, and characters of a value.
MOST, LONGEST = 100, 255


@dataclass(frozen=True)
class Training:
    """`training` of `verdict.json`, and what only an execution knows.

    algorithm        in words
    hyperparameters  name → value, those of the best trial where they were tuned
    tuning           {"strategy", "jobs", "objective", "direction", "ranges": {name: text}}; empty without
    rows             split → number of rows;  label, features  columns of the data
    split            what a person should know of the split, a sentence each;  facets  columns whose groups to compare
    """

    algorithm: str = ""
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    tuning: Document = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    label: str = ""
    features: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, settings: Document) -> "Training":
        """Raises InputError on unknown members of the settings, or when a file cannot be read."""
        told = documents.into(cls, settings, "How the model was trained")
        tuned = {name.removeprefix(TUNED): value for name, value in os.environ.items() if name.startswith(TUNED)}
        chosen = dict(sorted({**told.hyperparameters, **tuned}.items()))
        told = replace(told, hyperparameters=chosen)
        if os.environ.get("FINDINGS"):
            found = documents.read(folder("FINDINGS") / "findings.json")
            told = replace(told, rows=found["rows"], split=tuple(found.get("split", ())))
        if os.environ.get("PREPROCESSOR"):
            fitted = Preprocessor.from_document(documents.read(folder("PREPROCESSOR") / "preprocessor.json"))
            columns = tuple(dict.fromkeys(feature.column for feature in fitted.features))
            told = replace(told, label=fitted.columns.label, features=columns, facets=fitted.columns.facets)
        return told

    def sentence(self) -> str:
        """Sentences; empty when nothing is known."""
        said = [f"Trained with {self.algorithm}."] if self.algorithm else []
        if self.label:
            said.append(f"The label is {self.label}, and there are {len(self.features):,} features.")
        if self.rows:
            counts = [f"{self.rows[side]:,} {words}" for side, words in SIDES.items() if side in self.rows]
            said.append(f"{', '.join(counts[:-1])} and {counts[-1]}.")
        if self.tuning:
            said.append(
                "The hyperparameters were tuned ({strategy} search): they are those of the best of {jobs} trials at "
                "most by {objective}. The configuration's own values were no trial.".format(**self.tuning)
            )
        return " ".join(said)

    def facts(self) -> dict[str, str]:
        """For the details of the card."""
        facts = {
            "algorithm": self.algorithm,
            "label": self.label,
            "features": f"{len(self.features)}: {', '.join(self.features)}" if self.features else "",
            **{words: f"{self.rows[side]}" for side, words in SIDES.items() if side in self.rows},
        }
        if self.tuning:
            ranges = "; ".join(f"{name} {text}" for name, text in self.tuning["ranges"].items())
            facts["tuning"] = "{strategy} search, at most {jobs} trials, {direction} {objective}".format(**self.tuning)
            facts["tuned in"] = ranges
        return {name: value for name, value in facts.items() if value}

    def job_details(self) -> Document:
        """`training_job_details` of the card."""
        chosen = [
            {"name": name, "value": within(value, LONGEST)} for name, value in self.hyperparameters.items() if value
        ]
        return {"training_job_details": {"user_provided_hyper_parameters": chosen[:MOST]}} if chosen else {}


#: Split → its rows in words.
SIDES = {"train": "training rows", "validation": "validation rows", "test": "test rows"}
