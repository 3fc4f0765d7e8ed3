"""A table of `config.toml`: frozen, without unknown keys, with finite numbers, and nothing taken for what it is not."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidatorFunctionWrapHandler, field_validator
from pydantic_core import PydanticCustomError

Texts = tuple[str, ...]
#: AWS reads it with 32 bits.
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="wrap")
    @classmethod
    def _as_written(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        """Pydantic would read "0.8" as a number, and true as 1."""
        found = handler(value)
        if wrong := _otherwise(value, found):
            raise PydanticCustomError("kind", wrong)
        return found


def _otherwise(value: Any, found: Any) -> str:
    """What to write in place of a scalar that was read as one of another kind; "" when none was."""
    if isinstance(value, dict) and isinstance(found, dict):
        return next((wrong for key in found if (wrong := _otherwise(value[key], found[key]))), "")
    if isinstance(value, (list, tuple)) and isinstance(found, (list, tuple)):
        return next((wrong for pair in zip(value, found, strict=True) if (wrong := _otherwise(*pair))), "")
    if isinstance(found, bool) and not isinstance(value, bool):
        return "Write true or false"
    if isinstance(found, (int, float)) and not isinstance(found, bool) and isinstance(value, (str, bool)):
        return "Write a number, without quotation marks"
    return ""
