"""What the catalogue's keys are made of."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
Words = tuple[Annotated[str, StringConstraints(min_length=1, max_length=200)], ...]


class Model(BaseModel):
    """Keys with values; unknown ones are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]\S*", text):
        raise ValueError("expected an address of the web: https://…")
    return text


Address = Annotated[str, AfterValidator(_web_address)]
