"""How often each iterative road to the modes succeeds at its first try, over many starts.

With `mpiexec -n 2 python -m tests.benchmarks.bench_mode_roads` the ranks solve together. A road
that never finds all modes, at any of its tries, counts as lost.
"""

from __future__ import annotations

import argparse
import logging

from glassmodes.modes import ConvergenceError, solve_modes
from glassmodes.modes.petsc_roads import petsc_packages, slepc_available
from mpi4py import MPI

from tests.benchmarks.bench_modes import glass_expansion
from tests.benchmarks.timing import measured

SIZES = (200, 400, 800)
ROADS = {
    "lanczos": {"lowest": 24},
    "slicing": {"below": 6.0},
    "krylovschur": {"lowest": 24},
    "slepc_slicing": {"below": 4.0},
    "lobpcg": {"lowest": 8},
    "gd": {"lowest": 8},
}


class Warnings(logging.Handler):
    """Counts what is logged as a warning: each is a start that lost modes."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.count = 0

    def emit(self, record):
        self.count += 1


def roads_here(ranks: int) -> list[str]:
    """Roads that this environment has for so many ranks."""
    here = ["lanczos", "slicing"]
    if slepc_available():
        here += ["slepc_slicing", "lobpcg", "gd"]
        if ranks == 1 or {"mumps", "mkl_cpardiso"} & set(petsc_packages()):
            here.append("krylovschur")
    return [road for road in ROADS if road in here]


def successes(expansion, road: str, starts: int, communicator=MPI.COMM_SELF) -> tuple[int, int]:
    """Starts from which the first try found all modes, and those from which any try did."""
    first = found = 0
    log = logging.getLogger("roads")
    log.propagate = False
    for seed in range(starts):
        warnings = Warnings()
        request = dict(ROADS[road])
        if "below" in request:
            # slicing by SLEPc has no start of our own: other edges, other shifts
            request["below"] *= 1 + 0.005 * seed
        log.addHandler(warnings)
        try:
            solve_modes(
                expansion, request, method=road, seed=seed, communicator=communicator, log=log
            )
            found += 1
            first += communicator.bcast(warnings.count) == 0
        except ConvergenceError:
            pass
        finally:
            log.removeHandler(warnings)
    return first, found


def run(sizes=SIZES[:1], starts: int = 5, communicator=MPI.COMM_SELF, roads=None) -> list[dict]:
    """Rows of the table: shares of the starts, for every road and size."""
    rows = []
    for particles in sizes:
        expansion = glass_expansion(particles)
        for road in roads or roads_here(communicator.size):
            first, found = successes(expansion, road, starts, communicator)
            name = f"{road}, N = {particles}, {communicator.size} rank(s), {starts} starts"
            rows.append(measured(f"{name}: first try", first / starts, ""))
            rows.append(measured("  within three tries", found / starts, "", goal="1"))
    return rows


def main(argv=None) -> int:
    """Print the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--roads", nargs="+", choices=list(ROADS))
    chosen = parser.parse_args(argv)
    world = MPI.COMM_WORLD
    for particles in chosen.sizes:
        for row in run((particles,), chosen.starts, world, chosen.roads):
            if world.rank == 0:
                print("  ".join(f"{key}={value}" for key, value in row.items()), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
