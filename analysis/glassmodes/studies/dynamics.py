"""The study `dynamics`: constant-energy trajectories at several temperatures."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.validation import Fault, RunSettings, StudyContext, run_faults

SMALLEST_RUN = 40
"""Frames that a run must have at least: four for each of ten blocks."""


class Settings(RunSettings):
    """Constant-energy trajectories at several temperatures, with their checks: energy drift, mean
    temperature, mean-squared displacement."""

    duration: float = Field(
        gt=0,
        le=1e8,
        description="Time of the constant-energy run; lifetimes want much more than a hundred of "
        "the longest lifetime.",
    )
    keep_trajectories: bool = Field(
        True,
        description="Whether trajectories stay on disk once every measurement is made of them; "
        "one choice for all blocks of an ensemble.",
    )
    lags: int = Field(
        60,
        ge=2,
        le=100_000,
        description="Number of lags of the mean-squared displacement, spread evenly on a "
        "logarithmic scale.",
    )


NEEDS: tuple[str, ...] = ()


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """Runs that the model does not allow, and one ensemble's trajectories kept and not kept."""
    found = run_faults(block, context, SMALLEST_RUN)
    if block["keep_trajectories"] != context.blocks("dynamics")[0]["keep_trajectories"]:
        found.append(
            context.fault(
                "keep_trajectories",
                f"{block['keep_trajectories']} differs from another block of "
                f"{context.ensemble.name!r}; one choice for an ensemble is allowed",
            )
        )
    return found
