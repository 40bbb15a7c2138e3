"""Vibrational modes of the inherent structures, what they look like, and the elastic moduli."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from glassmodes.campaign import validation
from glassmodes.campaign.estimates import (
    BASE_MEMORY,
    LARGEST_FACTOR,
    SPARSE_MEMORY,
    Estimate,
    factorisation,
    mode_count,
    modes_per_volume,
)
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Array, Stage, Study
from glassmodes.campaign.validation import Fault, StudyContext
from glassmodes.data.columns import MODE, SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, hessian_nonzeros


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


MODE_VECTORS = Array("mode_vectors", "modes")

MODES = Table(
    "modes",
    (
        *SAMPLE,
        *MODE,
        Column("participation_ratio", "number", "P_k, one for a uniform displacement", False),
        Column("phonon_order", "number", "O_k, one for a plane wave", False),
    ),
)

MODULI = Table(
    "moduli",
    (
        *SAMPLE,
        Column("shear_modulus", "number", "G of the inherent structure"),
        Column("bulk_modulus", "number", "K of the inherent structure"),
        Column(
            "debye_level",
            "number",
            "A_D of the moduli, of a crystal by direction; NaN if unstable",
            False,
        ),
        Column("pressure", "number", "of the inherent structure"),
    ),
    csv=True,
)


def count(campaign, ensemble) -> int:
    """Modes of one sample that a campaign asks for, or an upper estimate."""
    entry = campaign.ensembles[ensemble]
    model = campaign.models[entry.model]
    request = campaign.block("modes", ensemble)["request"]
    return mode_count(request, entry.particles, model.dimension, modes_per_volume(model))


def estimate_modes(campaign, ensemble, temperature=None) -> Estimate:
    """Modes of one sample."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    request = campaign.block("modes", ensemble)["request"]
    size = model.dimension * particles
    modes = count(campaign, ensemble)
    stored = 8.0 * modes * size
    if request == "all":
        # the matrix, its copies and LAPACK's work space
        work, seconds = 36.0 * size**2 - stored, 15.0 * size**3 / rate("dense_flops")
    else:
        factor, factorising, solving = factorisation(model, particles)
        # twelve vectors of the Lanczos basis for each mode, or one slice after another
        work = factor + min(12.0 * stored, 3.0 * stored + 8.0 * 2000 * size)
        sweeps = 2.0 + modes / 75.0 if "below" in request else 1.5
        seconds = 1.0 + sweeps * factorising + 4.0 * modes * solving
        if factor > LARGEST_FACTOR:
            # an iterative solver keeps a few blocks of vectors instead
            work = 6.0 * stored
            seconds = modes * 1000.0 * hessian_nonzeros(model, particles) / rate("sparse_nonzeros")
    return Estimate(
        memory=BASE_MEMORY + SPARSE_MEMORY + expansion_memory(model, particles) + work + stored,
        core_seconds=seconds,
        disk=stored,
    )


def estimate_analysis(campaign, ensemble, temperature=None) -> Estimate:
    """Participation ratios and phonon orders of the modes of one sample, and its moduli."""
    entry = campaign.ensembles[ensemble]
    model, particles, modes = (
        campaign.models[entry.model],
        entry.particles,
        count(campaign, ensemble),
    )
    size = model.dimension * particles
    # conjugate gradients, which take about as long as a factorisation, and none of its memory
    _, factorising, solving = factorisation(model, particles)
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + expansion_memory(model, particles)
        + 32.0 * modes * size
        + 300.0 * size,
        core_seconds=factorising + 10.0 * solving + 60.0 * modes * size / rate("sparse_nonzeros"),
        disk=100.0 * modes,
    )


def solve(task) -> None:
    """Solve for the modes of one bundle.

    A sample whose modes cannot be found, or are not complete, gets a status and no modes.
    """
    import numpy as np

    from glassmodes.data.storage import put_modes
    from glassmodes.landscape import Landscape
    from glassmodes.modes import ModeError, ModeRequestError, solve_modes

    request = task.block()["request"]

    def compute(glass, ranks) -> Part:
        expansion, kept = (
            Landscape.of_glass(task.model, glass).expand(glass.positions).without_rattlers()
        )
        try:
            modes = solve_modes(
                expansion,
                {"all": True} if request == "all" else request,
                communicator=ranks,
                log=task.log,
            )
        except ModeRequestError:
            raise
        except ModeError as error:
            return Part(status=f"modes: {error}")
        rattlers = int((~kept).sum())

        def write(group) -> None:
            if rattlers:
                # rattlers do not take part in any mode
                vectors = np.zeros((len(modes.vectors), *glass.positions.shape))
                vectors[:, kept] = modes.vectors
                modes.vectors = vectors
                task.log.warning("sample %d: no mode moves %d rattlers", glass.sample, rattlers)
            put_modes(group, modes)
            group.attrs["orthonormality"] = modes.orthonormality
            group.attrs["method"] = modes.method
            group.attrs["rattlers"] = rattlers

        return Part(write=write)

    each_sample(task, task.usable_glasses(), compute)


def analyse(task) -> None:
    """Participation ratios and phonon orders of the modes of one bundle, and the elastic moduli."""
    import numpy as np
    import pandas as pd

    from glassmodes.data.storage import read_modes
    from glassmodes.landscape import Landscape
    from glassmodes.mechanics import elastic_moduli
    from glassmodes.modes import participation_ratio, phonon_order

    with_order = task.block()["phonon_order"]
    is_crystal = task.ensemble.preparation["protocol"] == "fcc"

    def compute(glass, ranks) -> Part:
        modes = read_modes(task.path("mode_vectors"), glass.sample)
        order = np.nan
        if with_order:
            order = phonon_order(modes.vectors, glass.positions, glass.box)
        table = pd.DataFrame(
            {
                "mode": np.arange(len(modes.frequency)),
                "frequency": modes.frequency,
                "participation_ratio": participation_ratio(modes.vectors),
                "phonon_order": order,
                "residual": modes.residual,
                "complete_below": modes.complete_below,
            }
        )
        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        # rattlers bear no load; sound travels at the density of all particles
        found = elastic_moduli(expansion.without_rattlers()[0])
        level = found.anisotropic_debye_level if is_crystal else found.debye_level
        moduli = {
            "shear_modulus": found.shear,
            "bulk_modulus": found.bulk,
            "debye_level": level,
            "pressure": found.pressure,
            "energy_per_particle": glass.energy / task.ensemble.particles,
            "max_force": glass.max_force,
        }
        task.log.info(
            "sample %d: %d modes from %.4g to %.4g, G = %.4g, K = %.4g, p = %.4g",
            *(glass.sample, len(modes.frequency), modes.frequency[0], modes.frequency[-1]),
            *(found.shear, found.bulk, found.pressure),
        )
        return Part({"modes": table, "moduli": pd.DataFrame([moduli])})

    each_sample(task, task.usable_with("mode_vectors"), compute)


STUDY = Study(
    name="modes",
    settings=Settings,
    faults=faults,
    stages=(
        Stage(
            name="solve_modes",
            per="bundle",
            reads=("glasses",),
            makes=(MODE_VECTORS,),
            run=solve,
            estimate=estimate_modes,
            ranks="samples",
            ignores=("phonon_order",),
        ),
        Stage(
            name="analyse_modes",
            per="bundle",
            reads=("glasses", "mode_vectors"),
            makes=(MODES, MODULI),
            run=analyse,
            estimate=estimate_analysis,
        ),
    ),
)
