"""`mlops new`: look at a data file and write a pipeline for it."""

from pathlib import Path
from typing import Annotated

import typer

from mlops import output


def new(
    name: Annotated[str, typer.Argument(help="The pipeline's name, also its folder's.")],
    data: Annotated[Path, typer.Option(help="A CSV or Parquet file.")],
    label: Annotated[str, typer.Option(help="The column to predict.")],
    positive: Annotated[str | None, typer.Option(help="The label's value that means yes.")] = None,
    facet: Annotated[list[str] | None, typer.Option(help="A column whose groups are to be compared.")] = None,
    time: Annotated[str | None, typer.Option(help="The column that orders the rows in time.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="A column to leave out.")] = None,
    names: Annotated[str | None, typer.Option(help="The header of a file that has none: a,b,c.")] = None,
) -> None:
    """Write `config.toml` for a data file, every column with its role; then `mlops run NAME --data FILE` works."""
    from model_build.new import write  # reads the file with pandas
    from model_deploy import new as deployment  # reads configurations with pydantic

    header = tuple(part.strip() for part in names.split(",")) if names else ()
    path = write(
        name, data, label, positive=positive, facets=tuple(facet or ()), time=time, drop=tuple(drop or ()), names=header
    )
    stages = deployment.write(name, Path("model_deploy/stages"))
    if stages:
        output.console.print(f"Wrote {stages}: how it is deployed.")
    output.console.print(f"Wrote {path}. Look at the columns' roles, then: mlops run {name} --data {data}")
