"""The study `lifetimes`: mode lifetimes from the decay of mode-energy fluctuations."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from glassmodes.campaign.validation import (
    EnsembleStudySettings,
    Fault,
    StudyContext,
    Temperatures,
)


class Settings(EnsembleStudySettings):
    """Mode lifetimes from the decay of mode-energy fluctuations; needs modes and dynamics."""

    by_temperature: ClassVar[bool] = True

    temperatures: Temperatures = Field(
        None,
        description="Temperatures of the dynamics that are analysed; all of them where none is "
        "given.",
    )
    blocks: int = Field(
        10,
        ge=2,
        le=1000,
        description="Blocks of the trajectory from which the statistical error is taken.",
    )


NEEDS = ("modes", "dynamics")


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Temperatures without trajectories."""
    available = sorted(t for other in context.blocks("dynamics") for t in other["temperatures"])
    return [
        context.fault(
            "temperatures",
            f"{temperature!r} is no temperature of the dynamics of {context.ensemble.name!r}; "
            f"allowed: {', '.join(f'{t:g}' for t in available)}",
        )
        for temperature in block.get("temperatures", [])
        if available and temperature not in available
    ]
