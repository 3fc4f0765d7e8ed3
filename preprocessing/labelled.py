"""Each row with its label and its side, as Fit counts the rows and as Encode writes them: the two must agree."""

from dataclasses import dataclass

from contract.columns import Columns
from contract.preprocessor import Split
from preprocessing.cell_hashes import Hashes
from preprocessing.clean import Floats
from preprocessing.label import label_indices, label_numbers, label_texts
from preprocessing.read import Batch
from preprocessing.rows import row_hashes
from preprocessing.settings import roles
from preprocessing.split import Sides, label_bins, sides_of


@dataclass(frozen=True)
class Labelled:
    """What is known of each row of a batch.

    labels   float64: the index of the class, or the value of a regression
    sides    the index of its side among SIDES
    content  the hash of its content
    """

    labels: Floats
    sides: Sides
    content: Hashes


def labelled(batch: Batch, columns: Columns, split: Split, classes: tuple[str, ...]) -> Labelled:
    """Raises InputError, with the place, for a label that is missing, no number, or none that Fit saw."""
    content = row_hashes(batch.data, roles(columns), columns.missing)
    if columns.task == "regression":
        labels = label_numbers(batch, columns)
        strata = label_bins(labels, split)
    else:
        strata = label_texts(batch, columns)
        labels = label_indices(strata, classes, batch)
    return Labelled(labels, sides_of(split, columns, batch, content, strata), content)
