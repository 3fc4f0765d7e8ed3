"""`mlops new`: the stages of a new pipeline, as the example's, for the ML engineer to change."""

from pathlib import Path

from model_deploy import stages

EXAMPLE = "credit"


def write(name: str, folder: Path) -> Path | None:
    """Write the stages of `name` below `folder`, which holds one folder a pipeline, and return where.

    None when `folder` is not there (a repository of pipelines alone), or holds stages of that name already.
    """
    own = folder / name
    if not folder.is_dir() or own.exists():
        return None
    own.mkdir()
    for file in (stages.BASE, *(f"{stage}.toml" for stage in stages.NAMES)):
        text = (stages.ROOT / EXAMPLE / file).read_text(encoding="utf-8")
        (own / file).write_text(text.replace(EXAMPLE, name), encoding="utf-8")
    return own
