"""Random Cut Forest: an open implementation of the SageMaker algorithm. Needs numpy and nothing else."""

from random_cut_forest.forest import RandomCutForest, merge

__all__ = ["RandomCutForest", "merge"]
