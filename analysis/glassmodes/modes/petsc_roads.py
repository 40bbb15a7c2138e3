"""Eigensolvers of SLEPc on a row-distributed Hessian."""

from __future__ import annotations

import importlib.util

import numpy as np

from glassmodes.modes.errors import ConvergenceError, ModeError
from glassmodes.modes.factorisation import petsc_packages


def slepc_available() -> bool:
    """Whether SLEPc and its Python interface are installed."""
    return importlib.util.find_spec("slepc4py") is not None and bool(petsc_packages())


def particle_range(particles: int, rank: int, ranks: int) -> tuple[int, int]:
    """Contiguous particles of one rank."""
    share, rest = divmod(particles, ranks)
    start = rank * share + min(rank, rest)
    return start, start + share + (rank < rest)


def row_facts(rows, size: int, dimension: int, communicator) -> tuple[float, float]:
    """Upper bound of the spectrum (Gershgorin) and mean diagonal, each rank seeing its rows alone.

    Returns
    -------
    bound, mean_diagonal
    """
    from mpi4py import MPI

    start, stop = particle_range(size // dimension, communicator.rank, communicator.size)
    local = rows(start, stop).tocsr()
    diagonal = local.diagonal(dimension * start)
    if local.shape[0] and np.abs(diagonal.reshape(-1, dimension)).max(axis=1).min() == 0.0:
        diagonal[:] = np.nan
    largest = float(abs(local).sum(axis=1).max()) if local.shape[0] else 0.0
    mean = communicator.allreduce(float(diagonal.sum())) / size
    if not np.isfinite(mean):
        raise ModeError("particles without neighbours: take the rattlers out first")
    return communicator.allreduce(largest, op=MPI.MAX), mean


def _solve(solver):
    """Run SLEPc; its errors become ours, so that a sample that fails does not end its bundle."""
    from petsc4py import PETSc

    try:
        solver.solve()
    except PETSc.Error as error:
        raise ConvergenceError(f"SLEPc {solver.getType()}: {error}") from error


def distributed_hessian(rows, size: int, dimension: int, communicator, shift: float = 0.0):
    """PETSc matrix M + shift whose rows each rank builds for itself.

    Parameters
    ----------
    rows : callable
        rows(start, stop) -> csr_matrix of the rows of those particles
        (:meth:`glassmodes.landscape.Expansion.hessian_rows`).
    size, dimension : int
        d N and d.
    communicator : mpi4py.MPI.Comm
    shift : float
        Added to the diagonal.

    Returns
    -------
    petsc4py.PETSc.Mat
        aij with blocks of d, marked symmetric, the rigid translations as near-null space.
    """
    from petsc4py import PETSc

    start, stop = particle_range(size // dimension, communicator.rank, communicator.size)
    local = rows(start, stop).tocsr()
    if shift:
        diagonal = np.arange(dimension * start, dimension * stop)
        local = local.copy()
        local[np.arange(local.shape[0]), diagonal] += shift
    local.sort_indices()
    matrix = PETSc.Mat().createAIJ(
        ((local.shape[0], size), (local.shape[0], size)),
        bsize=dimension,
        csr=(
            local.indptr.astype(PETSc.IntType),
            local.indices.astype(PETSc.IntType),
            local.data,
        ),
        comm=communicator,
    )
    # STYLE 5: after assembly, else the conversion to sbaij fails.
    matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    matrix.setOption(PETSc.Mat.Option.SYMMETRY_ETERNAL, True)
    matrix.setNearNullSpace(
        PETSc.NullSpace().create(vectors=translation_vectors(matrix, dimension), comm=communicator)
    )
    return matrix


def translation_vectors(matrix, dimension: int):
    """Orthonormal rigid translations as PETSc vectors."""
    size = matrix.getSize()[0]
    start, stop = matrix.getOwnershipRange()
    out = []
    for axis in range(dimension):
        vector = matrix.createVecLeft()
        values = np.zeros(stop - start)
        values[(axis - start) % dimension :: dimension] = np.sqrt(dimension / size)
        vector.setArray(values)
        out.append(vector)
    return out


def _solver(matrix, dimension, communicator, wanted, tolerance):
    """A Hermitian eigensolver; `tolerance` is that of SLEPc's own residual estimate."""
    from slepc4py import SLEPc

    solver = SLEPc.EPS().create(communicator)
    solver.setOperators(matrix)
    solver.setProblemType(SLEPc.EPS.ProblemType.HEP)
    solver.setDeflationSpace(translation_vectors(matrix, dimension))
    solver.setDimensions(wanted)
    solver.setTolerances(tolerance, 20000)
    solver.setConvergenceTest(SLEPc.EPS.Conv.ABS)
    return solver


def _start_from(solver, matrix, dimension, columns, start):
    """Random start vectors of our own, where `start` is given; else SLEPc's.

    Each rank draws whole vectors and keeps its rows, so they do not depend on the number of ranks.
    """
    if start is None:
        return
    rng = np.random.default_rng(start)
    size = matrix.getSize()[0]
    first, last = matrix.getOwnershipRange()
    vectors = []
    for _ in range(columns):
        whole = rng.standard_normal((size // dimension, dimension))
        whole -= whole.mean(axis=0)
        vector = matrix.createVecLeft()
        vector.setArray(whole.reshape(-1)[first:last])
        vectors.append(vector)
    solver.setInitialSpace(vectors)


def _collect(solver, matrix, wanted, communicator, interval=None):
    """The converged pairs on rank 0 (None elsewhere), ascending."""
    from petsc4py import PETSc

    converged = solver.getConverged()
    if wanted is not None and converged < wanted:
        raise ConvergenceError(
            f"SLEPc {solver.getType()} found {converged} of {wanted} modes in "
            f"{solver.getIterationNumber()} iterations"
        )
    count = converged if wanted is None else wanted
    vector = matrix.createVecLeft()
    scatter, whole = PETSc.Scatter.toZero(vector)
    values = np.array([solver.getEigenvalue(k).real for k in range(converged)])
    order = np.argsort(values)[:count]
    vectors = np.empty((matrix.getSize()[0], count), order="F") if communicator.rank == 0 else None
    for column, k in enumerate(order):
        solver.getEigenvector(int(k), vector)
        scatter.scatter(vector, whole)
        if vectors is not None:
            vectors[:, column] = whole.array
    return (values[order], vectors) if communicator.rank == 0 else None


def krylov_schur(
    rows,
    size,
    dimension,
    communicator,
    wanted,
    shift,
    bound,
    *,
    tolerance,
    package="auto",
    start=None,
    widening=1,
):
    """Lowest modes by shift-invert Krylov-Schur, the factorisation spread over the ranks.

    Parameters
    ----------
    wanted : int
    shift : float
        Positive; (M + shift)^-1 is iterated.
    bound : float
        Of the spectrum: SLEPc estimates residuals of the inverse, those of M may be |M| larger.
    package : {"auto", "mumps", "mkl_cpardiso", "mkl_pardiso", "petsc"}
    start : sequence of int, optional
        Seed of the start vector; SLEPc's own without it.
    widening : int
        The subspace beyond the modes wanted is so many times larger than by default.

    Returns
    -------
    (values, vectors) on rank 0, None elsewhere.
    """
    from petsc4py import PETSc
    from slepc4py import SLEPc

    available = petsc_packages()
    if package in ("auto", "pardiso"):
        suited = ("mumps", "mkl_cpardiso") if communicator.size > 1 else available
        package = next(
            (
                p
                for p in suited
                if p in available and (communicator.size > 1 or p != "mkl_cpardiso")
            ),
            None,
        )
    if package is None or (communicator.size > 1 and package in ("petsc", "mkl_pardiso")):
        raise ModeError(
            f"this PETSc ({', '.join(available)}) has no factorisation over {communicator.size} "
            "ranks: MUMPS or cluster PARDISO is needed"
        )
    matrix = distributed_hessian(rows, size, dimension, communicator)
    if package in ("mkl_cpardiso", "mkl_pardiso"):
        kind = "mpisbaij" if communicator.size > 1 else "seqsbaij"
        operator = matrix.convert(kind, PETSc.Mat())
        operator.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        operator.setOption(PETSc.Mat.Option.SPD, False)
    else:
        operator = matrix
    solver = _solver(operator, dimension, communicator, wanted, tolerance / bound)
    solver.setType(SLEPc.EPS.Type.KRYLOVSCHUR)
    solver.setTarget(-shift)
    solver.setWhichEigenpairs(SLEPc.EPS.Which.TARGET_MAGNITUDE)
    room = size - dimension
    solver.setDimensions(wanted, min(wanted + widening * max(wanted, 60), room))
    _start_from(solver, operator, dimension, 1, start)
    transformation = solver.getST()
    transformation.setType(SLEPc.ST.Type.SINVERT)
    linear = transformation.getKSP()
    linear.setType("preonly")
    conditioner = linear.getPC()
    conditioner.setType("cholesky")
    conditioner.setFactorSolverType(package)
    _solve(solver)
    return _collect(solver, operator, wanted, communicator)


def slepc_slicing(
    rows,
    size,
    dimension,
    communicator,
    frequency,
    low,
    bound,
    *,
    tolerance,
    package="auto",
    widening=1,
):
    """All modes below a frequency by SLEPc's own spectrum slicing, one sub-interval per rank.

    Parameters
    ----------
    low : float
        In w^2: above the translations and below all modes.
    bound : float
        Of the spectrum, as in :func:`krylov_schur`.
    widening : int
        Above 1, the subspace of each shift is so many times as large as SLEPc chooses.

    Returns
    -------
    (values, vectors) on rank 0, None elsewhere; the d translations are left out.
    """
    from slepc4py import SLEPc

    if package in ("auto", "pardiso"):
        package = next(p for p in petsc_packages() if p != "mkl_cpardiso")
    matrix = distributed_hessian(rows, size, dimension, communicator)
    solver = _solver(matrix, dimension, communicator, 1, tolerance / bound)
    solver.setDeflationSpace([])
    solver.setType(SLEPc.EPS.Type.KRYLOVSCHUR)
    solver.setWhichEigenpairs(SLEPc.EPS.Which.ALL)
    solver.setInterval(low, frequency**2)
    if communicator.size > 1:
        solver.setKrylovSchurPartitions(communicator.size)
    if widening > 1:
        # SLEPc looks for 40 modes around each shift, in a subspace of twice as many
        solver.setKrylovSchurDimensions(nev=40 * widening, ncv=min(80 * widening, size))
    transformation = solver.getST()
    transformation.setType(SLEPc.ST.Type.SINVERT)
    # STYLE 5: slicing ignores the solver of the outer transformation.
    linear = solver.getKrylovSchurKSP()
    linear.setType("preonly")
    conditioner = linear.getPC()
    conditioner.setType("cholesky")
    conditioner.setFactorSolverType(package)
    _solve(solver)
    return _collect(solver, matrix, None, communicator)


def preconditioned(
    rows,
    size,
    dimension,
    communicator,
    wanted,
    shift,
    *,
    tolerance,
    kind="lobpcg",
    conditioner="icc",
    start=None,
    widening=1,
):
    """Lowest modes with a preconditioner in place of a factorisation.

    Parameters
    ----------
    kind : {"lobpcg", "gd"}
        LOBPCG or generalised Davidson.
    conditioner : {"icc", "gamg"}
        Incomplete Cholesky in the block of each rank, or smoothed aggregation with the rigid
        translations as near-null space. At N = 1,000 LOBPCG took 95 iterations and 2.1 s with
        the first, 160 and 5.3 s with the second.
    start : sequence of int, optional
        Seed of the start vectors; SLEPc's own without it.
    widening : int
        So many times as many guard vectors as by default, and a block so many times as wide.

    Returns
    -------
    (values, vectors) on rank 0, None elsewhere.
    """
    from petsc4py import PETSc
    from slepc4py import SLEPc

    matrix = distributed_hessian(rows, size, dimension, communicator)
    definite = distributed_hessian(rows, size, dimension, communicator, shift)
    solver = _solver(matrix, dimension, communicator, wanted, 0.3 * tolerance)
    solver.setWhichEigenpairs(SLEPc.EPS.Which.SMALLEST_REAL)
    solver.setType({"lobpcg": SLEPc.EPS.Type.LOBPCG, "gd": SLEPc.EPS.Type.GD}[kind])
    # Guard vectors: the last ones of a block converge slowly.
    sought = min(wanted + widening * max(4, wanted // 10), size - dimension)
    solver.setDimensions(sought)
    if kind == "lobpcg":
        block = min(max(wanted, 10), 24)
        if widening > 1:
            # all modes sought in one block, if they are not too many
            block = min(max(sought, widening * block), 24 * widening, size // 6)
        solver.setLOBPCGBlockSize(block)
    else:
        block = 8
        solver.setGDBlockSize(block)
    _start_from(solver, matrix, dimension, block, start)
    transformation = solver.getST()
    transformation.setType(SLEPc.ST.Type.PRECOND)
    transformation.setPreconditionerMat(definite)
    linear = transformation.getKSP()
    linear.setType("preonly")
    inner = linear.getPC()
    options = PETSc.Options()
    prefix = f"modes_{kind}_{conditioner}_"
    transformation.setOptionsPrefix(prefix)
    if conditioner == "gamg":
        inner.setType("gamg")
    elif communicator.size > 1:
        inner.setType("bjacobi")
        options[f"{prefix}st_sub_pc_type"] = "icc"
        options[f"{prefix}st_sub_pc_factor_shift_type"] = "positive_definite"
    else:
        inner.setType("icc")
        options[f"{prefix}st_pc_factor_shift_type"] = "positive_definite"
    solver.setOptionsPrefix(prefix)
    solver.setFromOptions()
    _solve(solver)
    return _collect(solver, matrix, wanted, communicator)


def scalapack_available() -> bool:
    """Whether SLEPc can diagonalise with ScaLAPACK."""
    try:
        from petsc4py import PETSc
    except ImportError:
        return False
    return bool(PETSc.Sys.hasExternalPackage("scalapack"))


def scalapack_spectrum(rows, size, dimension, communicator, bound):
    """Full spectrum by ScaLAPACK over the ranks; the translations are moved above the spectrum.

    Returns
    -------
    (values, vectors) on rank 0, None elsewhere.
    """
    from petsc4py import PETSc
    from slepc4py import SLEPc

    start, stop = particle_range(size // dimension, communicator.rank, communicator.size)
    local = np.asarray(rows(start, stop).todense())
    weight = 1.25 * bound * dimension / size
    for axis in range(dimension):
        local[axis::dimension, axis::dimension] += weight
    matrix = PETSc.Mat().createDense(
        ((len(local), size), (len(local), size)), array=local, comm=communicator
    )
    matrix.assemble()
    matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    solver = SLEPc.EPS().create(communicator)
    solver.setOperators(matrix)
    solver.setProblemType(SLEPc.EPS.ProblemType.HEP)
    solver.setType(SLEPc.EPS.Type.SCALAPACK)
    solver.setDimensions(size)
    _solve(solver)
    return _collect(solver, matrix, size - dimension, communicator)
