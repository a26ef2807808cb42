"""The base of every value of the control API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Wire(BaseModel):
    """A value of the control API: unknown keys are mistakes, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)
