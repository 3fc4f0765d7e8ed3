"""The steps of the pipeline, one a file: each says what it runs, on what, and what it leaves."""

from model_build import authoring as authoring  # imports the SDK in the way it needs
