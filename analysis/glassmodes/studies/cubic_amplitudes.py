"""The study `cubic_amplitudes`: A_c of every mode from the third-order expansion of the energy."""

from __future__ import annotations

from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext


class Settings(EnsembleStudySettings):
    """A_c of every mode known, from the third-order expansion of the energy alone
    (mizuno2020_anharmonic, Eq. A3); needs modes."""


NEEDS = ("modes",)


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """None beyond the bounds of the settings."""
    return []
