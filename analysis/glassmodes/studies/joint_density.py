"""Joint two-mode densities of states for splitting and combining."""

from __future__ import annotations

from pydantic import Field

from glassmodes.campaign.estimates import BASE_MEMORY, Estimate
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Stage, Study
from glassmodes.campaign.validation import EnsembleStudySettings, Fault, StudyContext
from glassmodes.data.columns import SAMPLE, Column, Table
from glassmodes.studies import modes
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


def faults(block: dict, context: StudyContext) -> list[Fault]:
    """A part of the spectrum, where all of it is needed."""
    return full_spectrum_faults(context)


JOINT_DENSITY = Table(
    "joint_density",
    (
        *SAMPLE,
        Column("frequency", "number", "angular frequency"),
        Column("splitting", "number", "j_spl (Eq. 14)"),
        Column("combining", "number", "j_com (Eq. 14)"),
    ),
)


def estimate(campaign, ensemble, temperature=None) -> Estimate:
    """Joint density of states of one sample, from its frequencies alone."""
    count = modes.count(campaign, ensemble)
    return Estimate(
        memory=BASE_MEMORY, core_seconds=count * count / rate("sparse_nonzeros"), disk=2e4
    )


def compute_density(task) -> None:
    """Joint densities of states of one bundle (mizuno2020_intermittent, Eq. 14)."""
    from glassmodes.anharmonic.decay_rates import joint_density
    from glassmodes.data.storage import read_modes

    block, path = task.block(), task.path("mode_vectors")

    def compute(sample, ranks) -> Part:
        frequency = read_modes(path, sample).frequency
        table = joint_density(frequency, block["broadening"], spacing=block["bin_width"])
        return Part({"joint_density": table})

    each_sample(task, task.samples_in("mode_vectors"), compute)


STUDY = Study(
    name="joint_density",
    settings=Settings,
    needs=("modes",),
    faults=faults,
    stages=(
        Stage(
            name="compute_joint_density",
            per="bundle",
            reads=("mode_vectors",),
            makes=(JOINT_DENSITY,),
            run=compute_density,
            estimate=estimate,
        ),
    ),
)
