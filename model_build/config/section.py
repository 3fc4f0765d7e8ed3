"""A table of `config.toml`: frozen, without unknown keys, and with finite numbers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Texts = tuple[str, ...]
#: AWS reads it with 32 bits.
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
