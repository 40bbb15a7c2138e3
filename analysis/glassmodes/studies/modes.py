"""The study `modes`: vibrational modes of the inherent structures."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from glassmodes.campaign import validation
from glassmodes.campaign.validation import Fault, StudyContext


class PartialSpectrum(validation.Settings):
    """A part of the spectrum: one of the two keys."""

    lowest: int = Field(
        None,
        ge=1,
        le=30_000_000,
        description="Number of modes, the translations left out; at most d N - d.",
    )
    below: float = Field(
        None,
        gt=0,
        le=1e6,
        description="Angular frequency below which every mode is wanted, with proof of "
        "completeness.",
    )

    @model_validator(mode="after")
    def _one_of_them(self):
        if (self.lowest is None) == (self.below is None):
            raise PydanticCustomError("request", "give one of the keys lowest and below")
        return self


def _kind_of_request(value: Any) -> str:
    return "part" if isinstance(value, (dict, PartialSpectrum)) else "whole"


class Settings(validation.EnsembleStudySettings):
    """Vibrational modes of the inherent structures, with residuals and completeness."""

    request: Annotated[
        Annotated[Literal["all"], Tag("whole")] | Annotated[PartialSpectrum, Tag("part")],
        Discriminator(_kind_of_request),
    ] = Field(
        description="all: the full spectrum; {lowest: n}: the n lowest modes; {below: w}: every "
        "mode below the frequency w."
    )
    phonon_order: bool = Field(
        True,
        description="Whether the phonon order parameter O_k is computed (Eq. 3 of "
        "mizuno2020_anharmonic).",
    )


NEEDS: tuple[str, ...] = ()


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """More modes than there are."""
    request, ensemble, dimension = block["request"], context.ensemble, context.model.dimension
    if not isinstance(request, dict) or "lowest" not in request:
        return []
    available = dimension * (ensemble.particles - 1)
    if request["lowest"] <= available:
        return []
    return [
        context.fault(
            "request.lowest",
            f"{request['lowest']} is more than the {available} modes that {ensemble.particles} "
            f"particles of {ensemble.name!r} have in {dimension} dimensions "
            f"({dimension}N-{dimension}); allowed: 1 to {available}",
        )
    ]


def full_spectrum_faults(context: StudyContext) -> list[Fault]:
    """Faults of a study that needs every mode of an ensemble of which only a part is requested."""
    return [
        context.fault(
            "ensembles",
            f"{context.study} of {context.ensemble.name!r} needs its full spectrum, and "
            f"studies.modes requests {block['request']}; allowed: request: all",
        )
        for block in context.blocks("modes")
        if block["request"] != "all"
    ]
