"""One entry to the eigensolvers: the road is chosen by size, request and memory.

============= ==================================================================================
method        road
============= ==================================================================================
dense         LAPACK, full spectrum; one process
scalapack     the same over MPI ranks through SLEPc, where PETSc has ScaLAPACK
lanczos       lowest modes: one sparse LDL^T above them, inertia, block Lanczos; one process
krylovschur   lowest modes: SLEPc, a factorisation spread over the ranks (MUMPS, cluster PARDISO)
slicing       all modes below a frequency, slices shared out over the ranks, proved by inertia
slepc_slicing the same by SLEPc's own spectrum slicing (`setPartitions`)
lobpcg, gd    lowest modes with a preconditioner, where no factorisation fits in memory
============= ==================================================================================

All but the dense ones are iterations from random vectors, which may end without a mode. A road is
therefore tried three times, from other vectors and in a larger subspace each time. Where the road
was chosen here, not by the caller, the next one that fits in memory follows.

Masses are one, so the Hessian M is the dynamical matrix and its eigenvalues are w^2 (angular
frequency, reduced units). The d rigid translations are always left out.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg
from threadpoolctl import ThreadpoolController

from glassmodes.data.structures import Modes
from glassmodes.models.sizes import DISTRIBUTED_SIZE
from glassmodes.modes import dense, petsc_roads, shift_invert
from glassmodes.modes.errors import (
    ConvergenceError,
    IncompleteSpectrumError,
    MemoryLimitError,
    ModeError,
    ModeRequestError,
)
from glassmodes.modes.factorisation import available_memory, estimated_factor_bytes, mkl_library
from glassmodes.modes.requests import Request, parse_request

METHODS = (
    "auto",
    "dense",
    "scalapack",
    "lanczos",
    "krylovschur",
    "slicing",
    "slepc_slicing",
    "lobpcg",
    "gd",
)
_LOG = logging.getLogger(__name__)
# |w^2| below this fraction of the spectrum's upper bound is no vibration.
_ZERO = 1e-11
_ORTHONORMAL = 1e-8
# Below this size LAPACK beats any factorisation; above this fraction of all modes too.
_SMALL, _LARGE_FRACTION = 600, 0.15
# Tries of a road. LAPACK has two drivers, and what ScaLAPACK does is no luck.
_MOST_TRIES = 3
_TRIES = {"dense": 2, "scalapack": 1}


@dataclass
class SolvedModes(Modes):
    """Modes with the checks they have passed.

    Attributes
    ----------
    orthonormality : float
        max |E^T E - 1| over the modes returned.
    method : str
        The road taken.
    tries : int
        How often solvers were started, over all roads tried; 1 where the first succeeded.
    seconds : float
        Wall time.
    """

    orthonormality: float = np.nan
    method: str = ""
    tries: int = 1
    seconds: float = np.nan


@dataclass(frozen=True)
class _Try:
    """One attempt at a road.

    Attributes
    ----------
    number : int
        From 0.
    seed : int
        That the caller gave.
    """

    number: int
    seed: int

    @property
    def widening(self) -> int:
        """Factor by which subspaces and guard vectors are larger than at the first try."""
        return 2**self.number

    @property
    def lanczos_seed(self) -> int:
        """Seed of our own Lanczos; slices take the numbers that follow."""
        return self.seed + 1_000_000 * self.number

    @property
    def slepc_start(self) -> tuple[int, int] | None:
        """Seed of SLEPc's start vectors; None leaves them to SLEPc."""
        return (self.seed, self.number) if self.seed or self.number else None


class _Problem:
    """The Hessian, from an expansion or a sparse matrix, built only where it is needed."""

    def __init__(self, source, dimension):
        self._source = source
        if hasattr(source, "hessian_rows"):
            particles, self.dimension = source.positions.shape
            self.size = particles * self.dimension
        else:
            if dimension is None:
                raise ModeRequestError("a bare matrix needs its dimension (2, 3 or 4)")
            self.dimension = int(dimension)
            rows, columns = source.shape
            if rows != columns or rows % self.dimension:
                raise ModeRequestError(
                    f"a {rows} x {columns} matrix is no Hessian in {dimension} dimensions"
                )
            self.size = rows

    @cached_property
    def matrix(self):
        source = self._source
        matrix = source.hessian() if hasattr(source, "hessian") else source.tocsr()
        diagonal = matrix.diagonal().reshape(-1, self.dimension)
        loose = int((np.abs(diagonal).max(axis=1) == 0).sum())
        if loose:
            raise ModeError(f"{loose} particles without neighbours: take the rattlers out first")
        return matrix

    def rows(self, start, stop):
        source = self._source
        if hasattr(source, "hessian_rows"):
            return source.hessian_rows(start, stop)
        return source.tocsr()[self.dimension * start : self.dimension * stop]

    def row_facts(self, communicator):
        """Upper bound of the spectrum and mean diagonal without the whole matrix."""
        return petsc_roads.row_facts(self.rows, self.size, self.dimension, communicator)

    @property
    def entries(self) -> int:
        """Non-zeros of the Hessian."""
        source = self._source
        if hasattr(source, "first"):
            return (2 * len(source.first) + self.size // self.dimension) * self.dimension**2
        return source.nnz

    @cached_property
    def bound(self) -> float:
        """Upper bound of the spectrum (Gershgorin)."""
        return float(abs(self.matrix).sum(axis=1).max())

    @cached_property
    def translations(self) -> np.ndarray:
        out = np.zeros((self.size, self.dimension), order="F")
        for axis in range(self.dimension):
            out[axis :: self.dimension, axis] = np.sqrt(self.dimension / self.size)
        return out

    def apply(self, vectors):
        """M times a block, in panels: no more than a few columns are copied at a time."""
        out = np.empty_like(vectors)
        for start in range(0, vectors.shape[1], 64):
            out[:, start : start + 64] = self.matrix @ vectors[:, start : start + 64]
        return out


def estimate_resources(particles: int, neighbours: float, request, dimension: int = 3) -> dict:
    """Memory and time of a request before anything is built.

    Parameters
    ----------
    particles : int
    neighbours : float
        Mean number of interacting neighbours of a particle.
    request : dict
    dimension : int

    Returns
    -------
    dict
        ``method``, ``bytes`` (peak) and ``seconds`` (one core of 2023, from the measured scaling).

    Raises
    ------
    ModeRequestError
    """
    size = dimension * particles
    asked = parse_request(request, size, dimension)
    entries = int(particles * (neighbours + 1) * dimension**2)
    wanted = asked.lowest or (size if asked.everything else max(size // 50, 1))
    if asked.everything or size <= _SMALL or wanted > _LARGE_FRACTION * size:
        return {
            "method": "dense",
            "bytes": dense.dense_bytes(size),
            "seconds": 12.0 * size**3 / 3.0e10 + 1.0,
        }
    factor = estimated_factor_bytes(size, entries, dimension)
    basis = 8 * size * _basis_columns(wanted)
    # A factorisation of (8 bytes a non-zero) f costs about f^1.5 operations in 3D.
    flops = 2.0 * (factor / 8.0) ** 1.5
    sweeps = 1.2 if asked.below is None else 2.0 + 2.0 * wanted / 150
    seconds = sweeps * flops / 2.0e10 + 6.0 * wanted * factor / 4.0e10 + 1.0
    method = "lanczos" if asked.below is None else "slicing"
    return {"method": method, "bytes": int(factor + basis + 24 * entries), "seconds": seconds}


def _basis_columns(wanted: int) -> int:
    """Lanczos vectors at most, those of the modes beyond the last one wanted included."""
    return 13 * wanted + 20 * shift_invert.BLOCK


def _choose(problem, asked: Request, ranks: int, limit: int) -> str:
    size = problem.size
    dense_fits = dense.dense_bytes(size) <= limit
    if asked.everything:
        if ranks > 1 and size > 3000 and petsc_roads.scalapack_available():
            return "scalapack"
        if not dense_fits:
            raise MemoryLimitError(
                f"a full spectrum of {size} degrees of freedom needs "
                f"{dense.dense_bytes(size) / 2**30:.1f} GiB, {limit / 2**30:.1f} GiB are free"
            )
        return "dense"
    if size <= _SMALL and dense_fits:
        return "dense"
    if asked.lowest is not None and asked.lowest > _LARGE_FRACTION * size and dense_fits:
        return "dense"
    factor = estimated_factor_bytes(size, problem.entries, problem.dimension)
    wanted = asked.lowest or shift_invert.BLOCK
    needed = factor + 8 * size * _basis_columns(wanted)
    if asked.below is not None:
        if needed > limit / ranks:
            raise MemoryLimitError(
                f"all modes below {asked.below} need a factorisation of about "
                f"{factor / 2**30:.1f} GiB on each of {ranks} ranks: ask for the lowest n instead, "
                "which can be found (but not proved complete) without"
            )
        return "slicing"
    if _spreads(ranks) and size > DISTRIBUTED_SIZE and needed <= limit:
        return "krylovschur"
    if _can_factorise() and needed <= limit:
        return "lanczos"
    if not petsc_roads.petsc_packages():
        raise MemoryLimitError(
            f"the lowest modes of {size} degrees of freedom need a factorisation of about "
            f"{needed / 2**30:.1f} GiB, {limit / 2**30:.1f} GiB are free, and the iterative "
            "solvers need PETSc and SLEPc, which are not installed (make env)"
        )
    return "lobpcg"


def _can_factorise() -> bool:
    return mkl_library() is not None or bool(petsc_roads.petsc_packages())


def _spreads(ranks: int) -> bool:
    """Whether a factorisation can be spread over the ranks."""
    return ranks > 1 and bool({"mumps", "mkl_cpardiso"} & set(petsc_roads.petsc_packages()))


def _roads_after(first, problem, asked: Request, ranks: int, limit: int) -> list[str]:
    """Roads to follow where the first has failed, those alone that are here and fit in memory."""
    size = problem.size
    factor = estimated_factor_bytes(size, problem.entries, problem.dimension)
    slepc = petsc_roads.slepc_available()
    here = {"dense": dense.dense_bytes(size) <= limit}
    if asked.lowest is not None:
        needed = factor + 8 * size * _basis_columns(asked.lowest)
        here["lanczos"] = _can_factorise() and needed <= limit
        here["krylovschur"] = slepc and needed <= limit and (ranks == 1 or _spreads(ranks))
        here["lobpcg"] = here["gd"] = slepc
    elif asked.below is not None:
        here["slicing"] = _can_factorise() and factor <= limit / ranks
        here["slepc_slicing"] = slepc and factor <= limit / ranks
    order = ("lanczos", "krylovschur", "slicing", "slepc_slicing", "dense", "lobpcg", "gd")
    return [road for road in order if here.get(road) and road != first]


def _on_root(communicator, action):
    """Run on rank 0; an error there is raised on every rank, so that none waits for ever."""
    if communicator is None or communicator.size == 1:
        return _converging(action)
    result = error = None
    if communicator.rank == 0:
        try:
            result = _converging(action)
        except Exception as caught:
            error = caught
    error = communicator.bcast(error)
    if error is not None:
        raise error
    return result


def _converging(action):
    """Run; an eigenproblem on which LAPACK fails is one more iteration that did not converge."""
    try:
        return action()
    except linalg.LinAlgError as error:
        raise ConvergenceError(f"LAPACK: {error}") from error


def _share(communicator, array):
    """Copy an array of rank 0 to all, in pieces that a 32-bit count can hold."""
    shape = communicator.bcast(None if array is None else array.shape)
    if array is None:
        array = np.empty(shape)
    array = np.ascontiguousarray(array)
    flat = array.reshape(-1)
    for start in range(0, flat.size, 2**27):
        communicator.Bcast(flat[start : start + 2**27])
    return array


def _rayleigh_ritz(problem, vectors):
    """Orthonormal vectors of the same subspace that diagonalise M in it."""
    inner = vectors.T @ vectors
    energy = vectors.T @ problem.apply(vectors)
    values, turn = linalg.eigh(0.5 * (energy + energy.T), 0.5 * (inner + inner.T))
    return values, vectors @ turn


def _orthonormality(vectors):
    inner = vectors.T @ vectors
    inner[np.diag_indices_from(inner)] -= 1.0
    return float(np.abs(inner).max(initial=0.0))


def _checked(problem, values, vectors, complete_below, method, tolerance):
    """Residuals and orthonormality, computed afresh from M; a ModeError where they fail."""
    orthonormality = _orthonormality(vectors)
    if orthonormality > 1e-10:
        # Vectors of different slices are as orthogonal as residual over distance in w^2.
        values, vectors = _rayleigh_ritz(problem, vectors)
        orthonormality = _orthonormality(vectors)
    image = problem.apply(vectors)
    image -= vectors * values
    residual = np.linalg.norm(image, axis=0)
    zero = _ZERO * problem.bound
    if len(values) and values[0] < -zero:
        raise ModeError(f"w^2 = {values[0]:.3e} is negative: this is no minimum")
    soft = int((np.abs(values) <= zero).sum())
    if soft:
        raise ModeError(
            f"{problem.dimension + soft} zero modes, {problem.dimension} of them translations: "
            "the structure has floppy modes"
        )
    if np.any(np.diff(values) < 0):
        raise ConvergenceError("eigenvalues are not in ascending order")
    # not a number is not below the tolerance
    if not residual.max(initial=0.0) <= tolerance:
        raise ConvergenceError(
            f"mode {int(residual.argmax())} has residual {residual.max():.2e}, "
            f"allowed {tolerance:.2e}"
        )
    if not orthonormality <= _ORTHONORMAL:
        raise ConvergenceError(f"modes are orthonormal to {orthonormality:.2e} only")
    particles = problem.size // problem.dimension
    fields = np.ascontiguousarray(vectors.T).reshape(-1, particles, problem.dimension)
    return SolvedModes(values, fields, residual, complete_below, orthonormality, method)


def _prove(problem, values, vectors, package, limit):
    """complete_below of modes found without a proof, by one inertia; NaN if it does not fit."""
    factor = estimated_factor_bytes(problem.size, problem.entries, problem.dimension)
    if factor > limit:
        return np.nan
    edge = values[-1] * (1 - 1e-6)
    found = int((values < edge).sum())
    package = package if package in ("auto", "pardiso", "petsc") else "auto"
    expected = shift_invert.count_below(
        problem.matrix, np.sqrt(edge), problem.dimension, package=package
    )
    if expected != found:
        raise IncompleteSpectrumError(expected, found, f"below w^2 = {edge:.6g}")
    return float(np.sqrt(edge))


def solve_modes(
    expansion_or_hessian,
    request,
    *,
    communicator=None,
    method: str = "auto",
    tolerance: float = 1e-8,
    log=None,
    dimension: int | None = None,
    memory_limit: int | None = None,
    package: str = "auto",
    seed: int = 0,
) -> SolvedModes:
    """Vibrational modes of one configuration, checked.

    Parameters
    ----------
    expansion_or_hessian : Expansion or scipy.sparse matrix
        An :class:`glassmodes.landscape.Expansion`, or a symmetric matrix, shape=(d N, d N), with
        row d*i + a for particle i and axis a.
    request : dict
        ``{"all": True}``, ``{"lowest": n}`` or ``{"below": w}`` (angular frequency).
    communicator : mpi4py.MPI.Comm, optional
        Ranks that solve together; every one must call, and every one gets the result.
    method : str
        One of :data:`METHODS`; the module's table says what they are.
    tolerance : float
        Largest |M e - w^2 e| accepted.
    log : logging.Logger, optional
    dimension : int, optional
        d, for a bare matrix.
    memory_limit : int, optional
        Bytes; by default 80% of what is free.
    package : str
        Factorisation package, see :func:`glassmodes.modes.factorisation.factorise`.
    seed : int
        Of the start vectors; the result does not depend on it beyond `tolerance`. SLEPc takes its
        own vectors at the first try if it is 0.

    Returns
    -------
    SolvedModes
        Frequencies ascending, vectors shape=(n, N, d) orthonormal, residuals, and the frequency
        below which no mode is missing.

    Raises
    ------
    ModeRequestError
        More modes than d N - d, an unknown method, an ill-formed request.
    ConvergenceError
        All tries of all roads have failed: inertia counts modes that were not found (then an
        :class:`IncompleteSpectrumError`), a residual is above `tolerance`, vectors are not
        orthonormal. Roads other than `method` are taken only if that is "auto".
    MemoryLimitError
        No road fits in memory.
    ModeError
        Negative or further zero modes: the configuration is no minimum.
    """
    log = log or _LOG
    began = time.perf_counter()
    if method not in METHODS:
        raise ModeRequestError(f"method {method!r}: allowed are {', '.join(METHODS)}")
    problem = _Problem(expansion_or_hessian, dimension)
    asked = parse_request(request, problem.size, problem.dimension)
    limit = int(0.8 * available_memory()) if memory_limit is None else int(memory_limit)
    ranks = 1 if communicator is None else communicator.size
    if communicator is not None:
        # Ranks that see different memories must still take the same road.
        limit = min(communicator.allgather(limit))
    chosen_here = method == "auto"
    if chosen_here:
        method = _choose(problem, asked, ranks, limit)
    _check_method(method, asked)
    rank = 0 if communicator is None else communicator.rank
    if rank == 0:
        log.info("modes: %s of %d degrees of freedom by %s", request, problem.size, method)

    def roads():
        yield method
        if chosen_here:
            yield from _roads_after(method, problem, asked, ranks, limit)

    def follow(road, number):
        attempt = _Try(number, seed)
        return _follow(road, problem, asked, communicator, tolerance, package, limit, attempt, log)

    modes, tries = _first_success(roads(), follow, log if rank == 0 else None)
    if ranks > 1:
        modes = _broadcast(communicator, modes)
    modes.tries = tries
    modes.seconds = time.perf_counter() - began
    if rank == 0:
        log.info(
            "modes: %d found in %.1f s, residual %.1e, orthonormal to %.1e, complete below %.4g",
            len(modes.residual),
            modes.seconds,
            modes.residual.max(initial=0.0),
            modes.orthonormality,
            modes.complete_below,
        )
    return modes


def _first_success(roads, follow, log):
    """What the first try that succeeds returns, and the number of tries up to it.

    Parameters
    ----------
    roads : iterable of str
        In the order to take them.
    follow : callable
        follow(road, number) -> the result of one try; every rank must meet the same errors.
    log : logging.Logger or None

    Raises
    ------
    ConvergenceError, MemoryLimitError
        The first error met, where all tries of all roads fail.
    """
    failure, tries = None, 0
    for road in roads:
        for number in range(_TRIES.get(road, _MOST_TRIES)):
            tries += 1
            try:
                return follow(road, number), tries
            except (ConvergenceError, MemoryLimitError) as error:
                failure = failure or error
                if log is not None:
                    log.warning("modes: try %d of %s: %s", number + 1, road, error)
                if isinstance(error, MemoryLimitError):
                    break
    raise failure


def _follow(road, problem, asked, communicator, tolerance, package, limit, attempt, log):
    """One try of one road: the modes, checked, on rank 0; None elsewhere."""
    # The threads of OpenBLAS and of MKL would fight for the same cores, at four times the cost.
    with (
        ThreadpoolController()
        .select(internal_api="openblas")
        .limit(limits=None if road == "dense" else 1)
    ):
        found = _ROADS[road](problem, asked, communicator, tolerance, package, limit, attempt, log)

        def check():
            values, vectors, complete_below = found
            if asked.below is not None:
                inside = values < asked.below**2
                values, vectors = values[inside], vectors[:, inside]
            elif asked.lowest is not None and road in ("dense", "scalapack"):
                complete_below = float(
                    np.sqrt(0.5 * max(values[asked.lowest - 1] + values[asked.lowest], 0.0))
                )
                values, vectors = values[: asked.lowest], vectors[:, : asked.lowest]
            return _checked(problem, values, vectors, complete_below, road, tolerance)

        return _on_root(communicator, check)


def _check_method(method, asked):
    meant = {
        "slicing": asked.below is not None,
        "slepc_slicing": asked.below is not None,
        "lanczos": asked.lowest is not None,
        "krylovschur": asked.lowest is not None,
        "lobpcg": asked.lowest is not None,
        "gd": asked.lowest is not None,
    }
    if not meant.get(method, True):
        kind = "below" if asked.below is None else "lowest"
        raise ModeRequestError(f"method {method} does not take this request; use {kind} or auto")


def _broadcast(communicator, modes):
    facts = None
    if communicator.rank == 0:
        facts = (modes.complete_below, modes.orthonormality, modes.method)
    facts = communicator.bcast(facts)
    arrays = [
        _share(communicator, None if modes is None else array)
        for array in (
            (None,) * 3
            if modes is None
            else (modes.frequency_squared, modes.vectors, modes.residual)
        )
    ]
    return SolvedModes(*arrays, *facts)


def _by_dense(problem, asked, communicator, tolerance, package, limit, attempt, log):
    def action():
        roomy = dense.dense_bytes(problem.size) <= limit
        driver = "evd" if roomy and attempt.number == 0 else "evr"
        values, vectors = dense.dense_spectrum(
            problem.matrix, problem.translations, problem.bound, driver
        )
        complete = np.inf if asked.below is None else asked.below
        return values, vectors, complete

    return _on_root(communicator, action)


def _by_scalapack(problem, asked, communicator, tolerance, package, limit, attempt, log):
    if not petsc_roads.scalapack_available():
        raise ModeError("this PETSc has no ScaLAPACK")
    bound, _ = problem.row_facts(_comm(communicator))
    found = petsc_roads.scalapack_spectrum(
        problem.rows, problem.size, problem.dimension, _comm(communicator), bound
    )
    complete = np.inf if asked.below is None else asked.below
    return None if found is None else (*found, complete)


def _by_lanczos(problem, asked, communicator, tolerance, package, limit, attempt, log):
    def action():
        return shift_invert.lowest_modes(
            problem.matrix,
            asked.lowest,
            problem.translations,
            tolerance=tolerance,
            seed=attempt.lanczos_seed,
            package=package,
            memory_limit=limit,
            log=log,
        )

    return _on_root(communicator, action)


def _by_slicing(problem, asked, communicator, tolerance, package, limit, attempt, log):
    ranks = 1 if communicator is None else communicator.size
    found = shift_invert.modes_below(
        problem.matrix,
        asked.below,
        problem.translations,
        tolerance=tolerance,
        communicator=communicator,
        seed=attempt.lanczos_seed,
        package=package,
        memory_limit=limit // ranks,
        slice_size=shift_invert.SLICE // attempt.widening,
        log=log,
    )
    return None if found is None else (*found, asked.below)


def _by_slepc_slicing(problem, asked, communicator, tolerance, package, limit, attempt, log):
    bound, mean_diagonal = problem.row_facts(_comm(communicator))
    found = petsc_roads.slepc_slicing(
        problem.rows,
        problem.size,
        problem.dimension,
        _comm(communicator),
        asked.below,
        # Above the translations; what lies between is counted below.
        1e-3 * shift_invert.soft_shift(mean_diagonal),
        bound,
        tolerance=tolerance,
        package=package,
        widening=attempt.widening,
    )

    def action():
        values, vectors = found
        expected = shift_invert.count_below(problem.matrix, asked.below, problem.dimension)
        if expected != len(values):
            raise IncompleteSpectrumError(expected, len(values), f"below w = {asked.below:g}")
        return values, vectors, asked.below

    return _on_root(communicator, action)


def _by_krylov_schur(problem, asked, communicator, tolerance, package, limit, attempt, log):
    bound, mean_diagonal = problem.row_facts(_comm(communicator))
    found = petsc_roads.krylov_schur(
        problem.rows,
        problem.size,
        problem.dimension,
        _comm(communicator),
        asked.lowest,
        shift_invert.soft_shift(mean_diagonal),
        bound,
        tolerance=tolerance,
        package=package,
        start=attempt.slepc_start,
        widening=attempt.widening,
    )
    return _on_root(communicator, lambda: (*found, _prove(problem, *found, package, limit)))


def _iterative(kind):
    def road(problem, asked, communicator, tolerance, package, limit, attempt, log):
        _, mean_diagonal = problem.row_facts(_comm(communicator))
        found = petsc_roads.preconditioned(
            problem.rows,
            problem.size,
            problem.dimension,
            _comm(communicator),
            asked.lowest,
            shift_invert.soft_shift(mean_diagonal),
            tolerance=tolerance,
            kind=kind,
            start=attempt.slepc_start,
            widening=attempt.widening,
        )
        return _on_root(communicator, lambda: (*found, _prove(problem, *found, package, limit)))

    return road


def _comm(communicator):
    if communicator is not None:
        return communicator
    from mpi4py import MPI

    return MPI.COMM_SELF


_ROADS = {
    "dense": _by_dense,
    "scalapack": _by_scalapack,
    "lanczos": _by_lanczos,
    "krylovschur": _by_krylov_schur,
    "slicing": _by_slicing,
    "slepc_slicing": _by_slepc_slicing,
    "lobpcg": _iterative("lobpcg"),
    "gd": _iterative("gd"),
}
