"""Check that every part of the environment works, alone and together, serially and under MPI.

Run it with the environment's Python: ``.venv/bin/python envs/check_environment.py``, or with
``--stage packages`` where PETSc and SLEPc have not been built.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

RANKS = 2
# A rank that waits for another one for ever would hang the whole set-up.
TIMEOUT = 180

# Distribution names, in the order of the printed table.
PACKAGES = (
    "lammps",
    "mpich",
    "mpi4py",
    "mkl",
    "petsc",
    "petsc4py",
    "slepc",
    "slepc4py",
    "numpy",
    "scipy",
    "numba",
    "pymetis",
    "finufft",
    "pandas",
    "pyarrow",
    "h5py",
    "matplotlib",
    "jsonschema",
    "pytest",
    "ruff",
    "snakefmt",
    "snakemake",
    "snakemake-executor-plugin-slurm",
)


# Of the second stage of build.py.
PETSC_PACKAGES = ("petsc", "petsc4py", "slepc", "slepc4py")

# These may come from elsewhere: modules of a cluster, or conda.
LIBRARIES = ("mpich", "mkl", "petsc", "slepc")

# Direct solvers in the order of preference, for one rank and for more.
SERIAL_SOLVERS = ("mkl_pardiso", "mumps", "petsc")
PARALLEL_SOLVERS = ("mkl_cpardiso", "mumps", "superlu_dist")


def run_under_mpi(ranks, *arguments):
    """Run this script again on some ranks and return its output, or stop with it."""
    mpiexec = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
    mpiexec = mpiexec or shutil.which("mpiexec")
    if mpiexec is None:
        sys.exit("FAILED: no mpiexec beside this Python nor on PATH")
    command = [mpiexec, "-n", str(ranks), sys.executable, __file__, *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    try:
        result = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        output = (error.stdout or b"").decode(errors="replace")
        sys.exit(f"{output}\nFAILED: {' '.join(command)} did not end in {TIMEOUT} s")
    if result.returncode != 0:
        sys.exit(f"{result.stdout}\nFAILED: {' '.join(command)} exited with {result.returncode}")
    return result.stdout


def require(condition, message):
    """Stop with a message when a condition does not hold; under MPI, stop every rank."""
    if condition:
        return
    print(f"FAILED: {message}", flush=True)
    mpi = sys.modules.get("mpi4py.MPI")
    if mpi is not None and mpi.COMM_WORLD.Get_size() > 1:
        mpi.COMM_WORLD.Abort(1)
    sys.exit(1)


def version_of(name):
    """Version of an installed package, or a note for a library that is no Python package."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        require(name in LIBRARIES, f"the package {name} is not installed")
        return "of the system"


def laplacian(petsc, points, kind, comm):
    """Second-difference matrix of a chain with fixed ends; its eigenvalues are known."""
    matrix = petsc.Mat().create(comm)
    matrix.setSizes((points, points))
    matrix.setType(kind)
    matrix.setUp()
    if kind == "sbaij":
        matrix.setOption(petsc.Mat.Option.IGNORE_LOWER_TRIANGULAR, True)
    for row in range(*matrix.getOwnershipRange()):
        for column, value in ((row - 1, -1.0), (row, 2.0), (row + 1, -1.0)):
            if 0 <= column < points:
                matrix.setValue(row, column, value)
    matrix.assemble()
    return matrix


def check_factorisation(petsc, package, method, kind, points=50):
    """Factor a shifted chain and solve with it; on one rank, Cholesky gives the inertia."""
    comm = petsc.COMM_WORLD
    shift = 1.9
    matrix = laplacian(petsc, points, kind, comm)
    matrix.shift(-shift)
    solver = petsc.KSP().create(comm)
    solver.setOperators(matrix)
    solver.setType("preonly")
    factor = solver.getPC()
    factor.setType(method)
    factor.setFactorSolverType(package)
    solver.setUp()
    expected, right = matrix.createVecs()
    solution = expected.duplicate()
    expected.set(1.0)
    matrix.mult(expected, right)
    solver.solve(right, solution)
    solution.axpy(-1.0, expected)
    error = solution.norm()
    require(error < 1e-8, f"{package} {method} ({kind}): solution off by {error:.1e}")
    if comm.size == 1 and method == "cholesky":
        below = int((chain_eigenvalues(points) < shift).sum())
        inertia = tuple(map(int, factor.getFactorMatrix().getInertia()))
        require(
            inertia == (below, 0, points - below),
            f"{package}: inertia {inertia}, but {below} eigenvalues are negative",
        )


def available_solvers(petsc):
    """Return (package, method, kind) of the direct solvers for a matrix on these ranks."""
    found = []
    comm = petsc.COMM_WORLD
    packages = dict.fromkeys((*SERIAL_SOLVERS, *PARALLEL_SOLVERS))
    for package in packages:
        for method, kind in (("cholesky", "sbaij"), ("cholesky", "aij"), ("lu", "aij")):
            factor = petsc.PC().create(comm)
            factor.setOperators(laplacian(petsc, 4, kind, comm))
            factor.setType(method)
            factor.setFactorSolverType(package)
            try:
                factor.setUp()
            except petsc.Error:
                continue
            found.append((package, method, kind))
    return found


def check_solvers(petsc):
    """Check the preferred solvers of these ranks, and return the names of all there are."""
    ranks = petsc.COMM_WORLD.size
    solvers = available_solvers(petsc)
    names = {package for package, _, _ in solvers}
    preferred = SERIAL_SOLVERS if ranks == 1 else PARALLEL_SOLVERS
    usable = [package for package in preferred if package in names]
    # The PETSc that the set-up builds has MKL's solvers; another one must have some solver.
    own = version_of("petsc") != "of the system"
    missing = preferred[0] if own else " or ".join(preferred)
    require(usable and not (own and usable[0] != missing), f"PETSc has no {missing}")
    for package, method, kind in solvers:
        if package == usable[0]:
            check_factorisation(petsc, package, method, kind)
    check_eigenvalue(petsc, *next(solver for solver in solvers if solver[0] == usable[0]))
    return ", ".join(f"{package} {method} ({kind})" for package, method, kind in solvers)


def check_lammps(comm):
    """Run a few steps of a Lennard-Jones crystal and return what LAMMPS says of itself."""
    import lammps

    simulation = lammps.lammps(cmdargs=["-log", "none", "-screen", "none"], comm=comm)
    simulation.commands_string(
        """
        units lj
        lattice fcc 1.0
        region box block 0 3 0 3 0 3
        create_box 1 box
        create_atoms 1 box
        mass 1 1.0
        pair_style lj/cut 2.5
        pair_coeff 1 1 1.0 1.0
        fix integrate all nve
        run 5
        """
    )
    require(simulation.get_natoms() == 108, "LAMMPS did not create its 108 atoms")
    ranks = simulation.extract_setting("world_size")
    require(ranks == comm.Get_size(), f"LAMMPS runs on {ranks} rank(s), not {comm.Get_size()}")
    simulation.close()


def chain_eigenvalues(points):
    """Return the eigenvalues of the chain."""
    import numpy

    return 2.0 - 2.0 * numpy.cos(numpy.pi * numpy.arange(1, points + 1) / (points + 1))


def check_eigenvalue(petsc, package, method, kind, points=50, target=0.9):
    """Find the eigenvalue of a chain nearest a target by shift and invert."""
    from slepc4py import SLEPc

    exact = chain_eigenvalues(points)
    nearest = exact[abs(exact - target).argmin()]
    problem = SLEPc.EPS().create(petsc.COMM_WORLD)
    problem.setOperators(laplacian(petsc, points, kind, petsc.COMM_WORLD))
    problem.setProblemType(SLEPc.EPS.ProblemType.HEP)
    problem.setTarget(target)
    problem.setWhichEigenpairs(SLEPc.EPS.Which.TARGET_MAGNITUDE)
    transform = problem.getST()
    transform.setType("sinvert")
    solver = transform.getKSP()
    solver.setType("preonly")
    factor = solver.getPC()
    factor.setType(method)
    factor.setFactorSolverType(package)
    problem.solve()
    require(problem.getConverged() > 0, "SLEPc did not converge")
    error = abs(problem.getEigenvalue(0).real - nearest)
    require(error < 1e-8, f"SLEPc's eigenvalue is off by {error:.1e}")


def check_openblas():
    """Check that NumPy's own linear algebra is right while MKL is loaded beside it."""
    import numpy
    import scipy.linalg

    generator = numpy.random.default_rng(1)
    square = generator.standard_normal((80, 80))
    square = square @ square.T + 80.0 * numpy.eye(80)
    identity = numpy.linalg.inv(square) @ square
    require(numpy.allclose(identity, numpy.eye(80)), "NumPy's inverse is wrong")
    sums = scipy.linalg.eigvalsh(square).sum()
    require(numpy.isclose(sums, numpy.trace(square)), "SciPy's eigenvalues are wrong")


def check_pardiso():
    """Check that MKL can be loaded and factorises: the engine of campaigns without PETSc."""
    import numpy
    from glassmodes.modes.factorisation import PardisoFactor
    from scipy import sparse

    points, shift = 50, 1.9
    chain = sparse.diags([-1.0, 2.0, -1.0], [-1, 0, 1], shape=(points, points), format="csr")
    with PardisoFactor(chain).at(shift) as factor:
        below = int((chain_eigenvalues(points) < shift).sum())
        require(factor.negative == below, f"PARDISO counts {factor.negative} modes, not {below}")
        expected = numpy.ones((points, 1))
        right = chain @ expected - shift * expected
        require(numpy.allclose(factor.solve(right), expected), "PARDISO's solution is wrong")


def check_on_ranks(expected, stage):
    """The checks that each rank of an MPI run makes, everything in one process."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    size = comm.Get_size()
    require(size == expected, f"MPI started {size} rank(s) in one world, not {expected}")
    require(comm.allreduce(comm.Get_rank() + 1) == size * (size + 1) // 2, "MPI sums are wrong")

    if stage == "packages":
        check_lammps(comm)
        check_pardiso()
        check_openblas()
        if comm.Get_rank() == 0:
            library = " ".join(MPI.Get_library_version().split("\n")[0].split())
            print(f"  {size} rank(s): MPI, LAMMPS, MKL and NumPy agree ({library})")
        return

    import slepc4py

    # The options of this script are not for PETSc.
    slepc4py.init([sys.argv[0]])
    from petsc4py import PETSc

    check_lammps(comm)
    solvers = check_solvers(PETSc)
    check_pardiso()
    check_openblas()
    if comm.Get_rank() == 0:
        library = " ".join(MPI.Get_library_version().split("\n")[0].split())
        print(f"  {size} rank(s): MPI, LAMMPS, PETSc, SLEPc and NumPy agree ({library})")
        print(f"  {size} rank(s) factor with: {solvers}")


def main():
    """Print the versions, then run the checks on one rank and on two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ranks", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--stage", choices=("packages", "petsc"), default="petsc")
    options = parser.parse_args()
    if options.ranks is not None:
        check_on_ranks(options.ranks, options.stage)
        return
    start = time.monotonic()
    print(f"  {'python':<32}{sys.version.split()[0]}")
    for name in PACKAGES:
        if name in PETSC_PACKAGES and options.stage == "packages":
            continue
        print(f"  {name:<32}{version_of(name)}", flush=True)
    for ranks in (1, RANKS):
        arguments = ("--ranks", str(ranks), "--stage", options.stage)
        print(run_under_mpi(ranks, *arguments), end="", flush=True)
    # These are only imported: their own test-suites test them.
    for name in ("glassmodes", "h5py", "jsonschema", "matplotlib", "numba", "pandas", "pyarrow"):
        __import__(name)
    print(f"  environment checked in {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
