"""The study `joint_density`: joint densities of states for splitting and combining."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext
from glassmodes.studies.modes import full_spectrum_faults


class Settings(EnsembleStudySettings):
    """Joint densities of states for splitting and combining; needs full spectra (modes.request:
    all)."""

    broadening: float = Field(
        0.1,
        gt=0,
        le=1000,
        description="Standard deviation of the Gaussian that stands for each delta function "
        "(angular frequency).",
    )
    bin_width: float = Field(0.1, gt=0, le=1000, description="Width of the frequency bins.")


NEEDS = ("modes",)


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """A part of the spectrum, where all of it is needed."""
    return full_spectrum_faults(context)
