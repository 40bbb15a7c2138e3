"""The study `transitions`: inherent structures along constant-energy runs, frame by frame."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.validation import Fault, RunSettings, StudyContext, run_faults

SMALLEST_RUN = 20
"""Frames that a run must have at least: two for each of ten blocks."""


class Settings(RunSettings):
    """Inherent structures along constant-energy runs of their own, frame by frame, and the
    rearrangements between them."""

    interval: float = Field(
        0.1,
        gt=0,
        le=1e6,
        description="Time between configurations that are minimised (the lag of Eq. 5): a "
        "multiple of the time step, and at most the duration.",
    )
    force_tolerance: float = Field(
        1e-10,
        gt=0,
        le=1e-3,
        description="Largest force on a particle of an inherent structure.",
    )


NEEDS: tuple[str, ...] = ()


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Runs that the model does not allow."""
    return run_faults(block, context, SMALLEST_RUN)
