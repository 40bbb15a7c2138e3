"""Which campaigns need PETSc and SLEPc, which are built apart from the other packages."""

from __future__ import annotations

import importlib.util
import os

from glassmodes.campaign.estimates import LARGEST_FACTOR, factorisation
from glassmodes.campaign.planning import Machine
from glassmodes.campaign.settings import Campaign
from glassmodes.models.sizes import DISTRIBUTED_SIZE

USABLE_MEMORY = 0.8
"""Share of a machine's memory that the factor of a Hessian may take."""


class MissingLibraryError(RuntimeError):
    """A campaign needs PETSc and SLEPc, which are not installed; the message says what for."""


def reasons_for_petsc(campaign: Campaign, machine: Machine | None = None) -> list[str]:
    """Why a campaign needs PETSc and SLEPc; empty where LAPACK and MKL PARDISO do all its work.

    Full spectra, all modes below a frequency, moduli, dynamics and nonlinear modes never need
    them. The lowest modes do where several ranks share one large factorisation, and where no
    factorisation fits in memory (:func:`glassmodes.modes.solve_modes`).

    Parameters
    ----------
    campaign : Campaign
    machine : Machine, optional
        Its memory is what a job may take; that of this machine where nobody said.

    Returns
    -------
    list of str
        A sentence for each ensemble that needs them.
    """
    said = machine.memory if machine else None
    memory = 1e9 * said if said else float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    allowed = min(LARGEST_FACTOR, USABLE_MEMORY * memory)
    reasons = []
    for name in campaign.ensembles_of("modes"):
        block = campaign.block("modes", name)
        request = block["request"] if block else "all"
        if request == "all" or "lowest" not in request:
            continue
        entry = campaign.ensembles[name]
        model, ranks = campaign.models[entry.model], entry.preparation["ranks_per_sample"]
        needed, _, _ = factorisation(model, entry.particles)
        if needed > allowed:
            of = "machine.memory" if said else "this machine"
            reasons.append(
                f"ensembles.{name}: the lowest modes of {entry.particles} particles are found by "
                f"iteration, since a factorisation takes about {needed / 1e9:.0f} GB and at most "
                f"{allowed / 1e9:.0f} GB are allowed ({of} has {memory / 1e9:.0f} GB)"
            )
        elif ranks > 1 and model.dimension * entry.particles > DISTRIBUTED_SIZE:
            reasons.append(
                f"ensembles.{name}.preparation.ranks_per_sample: {ranks} ranks share the "
                f"factorisation of {entry.particles} particles"
            )
    return reasons


def check_libraries(campaign: Campaign, machine: Machine | None = None) -> None:
    """Refuse a campaign that needs PETSc and SLEPc where they are not installed.

    Raises
    ------
    MissingLibraryError
    """
    if all(importlib.util.find_spec(name) for name in ("petsc4py", "slepc4py")):
        return
    reasons = reasons_for_petsc(campaign, machine)
    if reasons:
        raise MissingLibraryError(
            f"the campaign {campaign.name} needs PETSc and SLEPc, which are not installed here.\n"
            + "".join(f"- {reason}\n" for reason in reasons)
            + "Build them with `make env` (about ten minutes, once on a machine), then start again."
        )
