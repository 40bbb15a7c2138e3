"""Lowest modes against SciPy's eigsh, full spectra against the matrix product, cost against N."""

from __future__ import annotations

import argparse
import os
import time

import numpy as np
from glassmodes.landscape import Landscape
from glassmodes.landscape.minimisers import fire
from glassmodes.models import get_model
from glassmodes.modes import kernel_polynomial_density, phonon_order, solve_modes
from glassmodes.modes.factorisation import mkl_library
from scipy.sparse.linalg import eigsh

from tests.benchmarks.timing import best_of, compared, measured, scaling_exponent

LOWEST = 100


def glass_expansion(particles, seed=0):
    """A 12-IPL glass, relaxed as far as a benchmark needs: a minimum, its forces below 1e-4."""
    model = get_model("ipl12")
    rng = np.random.default_rng([seed, particles])
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    positions, *_ = fire(landscape, rng.random((particles, 3)) * box, force_tolerance=1e-4)
    return landscape.expand(positions)


def seconds(action):
    """Wall time of one call and its result."""
    began = time.perf_counter()
    result = action()
    return time.perf_counter() - began, result


def run(particles=4000, sizes=(500, 1000, 2000), reference=True) -> list[dict]:
    """Rows of the table.

    Parameters
    ----------
    particles : int
        Size of the comparison with SciPy (goal: a tenth of its time at 4,000).
    sizes : tuple of int
        Sizes of the scaling of each road; without two of them there is none.
    reference : bool
        SciPy takes about two minutes at 4,000; without it the time alone is given.
    """
    rows = []
    expansion = glass_expansion(particles)
    solve_modes(glass_expansion(400), {"lowest": 10}, method="lanczos")

    def solve():
        return solve_modes(expansion, {"lowest": LOWEST}, method="lanczos")

    library = mkl_library()
    cores = len(os.sched_getaffinity(0))
    threads = library.MKL_Get_Max_Threads() if library else 1
    name = f"{LOWEST} lowest modes, N = {particles}, proved complete"
    single, modes = seconds(solve)
    rows.append(measured(f"{name}, {threads} thread(s)", single, "s"))
    # SciPy's factorisation has one thread, whatever the machine; PARDISO takes all cores.
    if library:
        library.MKL_Set_Num_Threads(cores)
    ours, modes = seconds(solve)
    if library:
        library.MKL_Set_Num_Threads(threads)
    name = f"{name}, {cores} core(s)"
    goal = "ratio <= 0.1" if particles >= 4000 else ""
    if reference:
        matrix = expansion.hessian().tocsc()
        shift = -1e-4 * matrix.diagonal().mean()
        theirs, values = seconds(
            lambda: eigsh(matrix, k=LOWEST + 3, sigma=shift, return_eigenvectors=True)[0]
        )
        np.testing.assert_allclose(
            np.sort(values)[3:], modes.frequency_squared, rtol=1e-7, atol=1e-9
        )
        rows.append(compared(name, ours, "s", "scipy eigsh(sigma)", theirs, goal=goal))
    else:
        rows.append(measured(name, ours, "s"))
    rows.append(measured("  largest residual |M e - w^2 e|", modes.residual.max(), "", goal="1e-8"))
    if len(sizes) < 2:
        return rows
    expansions = {n: glass_expansion(n) for n in sizes}
    costs = {"Hessian": [], "100 lowest modes": [], "full spectrum": []}
    for n, small in expansions.items():
        costs["Hessian"].append(best_of(small.hessian, repeats=3))
        costs["100 lowest modes"].append(
            seconds(lambda small=small: solve_modes(small, {"lowest": LOWEST}, method="lanczos"))[0]
        )
        if n <= 1000:
            spent, full = seconds(lambda small=small: solve_modes(small, {"all": True}))
            costs["full spectrum"].append(spent)
            product = np.random.default_rng(0).standard_normal((3 * n, 3 * n))
            rows.append(
                compared(
                    f"full spectrum, N = {n}",
                    spent,
                    "s",
                    "product of two such matrices",
                    best_of(lambda product=product: product @ product, repeats=1),
                )
            )
            last = small, full
    for what, spent in costs.items():
        chosen = list(expansions)[: len(spent)]
        rows.append(measured(f"{what}: s at N = {chosen[-1]}", spent[-1], "s"))
        rows.append(
            measured(
                f"  exponent of its cost in N, {chosen[0]}-{chosen[-1]}",
                scaling_exponent(chosen, spent),
                "",
            )
        )
    small, full = last
    rows.append(
        measured(
            f"phonon order of {len(full.vectors)} modes",
            seconds(lambda: phonon_order(full.vectors, small.positions, small.box))[0],
            "s",
        )
    )
    moments = 200
    spent = []
    edges = np.linspace(0, 25, 51)
    for small in (*expansions.values(), expansion):
        spent.append(
            seconds(
                lambda small=small: kernel_polynomial_density(
                    small, edges, rng=np.random.default_rng(0), moments=moments, random_vectors=1
                )
            )[0]
        )
    rows.append(measured(f"Chebyshev density, {moments} moments, N = {particles}", spent[-1], "s"))
    # The first call compiles.
    rows.append(
        measured(
            "  exponent of its cost in N", scaling_exponent([*sizes, particles][1:], spent[1:]), ""
        )
    )
    return rows


def main(argv=None) -> int:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--particles", type=int, default=4000)
    parser.add_argument("--no-reference", action="store_true", help="leave SciPy out")
    chosen = parser.parse_args(argv)
    for row in run(chosen.particles, reference=not chosen.no_reference):
        print("  ".join(f"{key}={value}" for key, value in row.items()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
