"""The study `density_of_states`: vibrational density of states without diagonalisation."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext


class Settings(EnsembleStudySettings):
    """Vibrational density of states by the kernel polynomial method, without diagonalisation (the
    figures take it from full spectra where there are any)."""

    bin_width: float = Field(0.5, gt=0, le=1000, description="Width of the frequency bins.")
    moments: int = Field(
        512,
        ge=8,
        le=1_000_000,
        description="Number of Chebyshev moments; the resolution in frequency squared is about "
        "pi/moments of the spectrum's width.",
    )
    random_vectors: int = Field(
        16, ge=1, le=100_000, description="Number of random vectors of the stochastic trace."
    )


NEEDS: tuple[str, ...] = ()


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """None beyond the bounds of the settings."""
    return []
