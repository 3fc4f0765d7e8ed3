"""A table of `config.toml`: frozen, and without unknown keys."""

from pydantic import BaseModel, ConfigDict

Texts = tuple[str, ...]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
