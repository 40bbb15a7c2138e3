"""The study `decay_rates`: decay rates of modes from third-order perturbation theory."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from glassmodes.campaign.validation import (
    EnsembleStudySettings,
    Fault,
    StudyContext,
    Temperatures,
    Unique,
)
from glassmodes.studies.modes import full_spectrum_faults


class Settings(EnsembleStudySettings):
    """Decay rates from third-order perturbation theory; needs full spectra (modes.request: all)."""

    broadenings: Annotated[
        list[
            Annotated[
                float,
                Field(gt=0, le=1000, description="Standard deviation (angular frequency)."),
            ]
        ],
        *Unique,
    ] = Field(
        [0.1],
        min_length=1,
        max_length=16,
        description="Standard deviations of the Gaussian that stands for each delta function "
        "(angular frequency), computed in one pass; figures show the smallest, the summary "
        "compares them.",
    )
    precision: Literal["single", "double"] = Field(
        "single", description="Floating-point precision of the blocked products."
    )
    hbar: float = Field(
        1.0,
        gt=0,
        le=1e6,
        description="Reduced Planck constant in the model's units, for the quantum rates.",
    )
    temperatures: Temperatures = Field(
        None,
        description="Temperatures of the quantum rates; the classical ones alone where none is "
        "given.",
    )


NEEDS = ("modes",)


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """A part of the spectrum, where all of it is needed."""
    return full_spectrum_faults(context)
