"""M^-1 on the space without rigid translations, from one sparse factorisation.

The Hessian of a minimum is singular along the d translations alone. With one particle held in its
place the rest is positive definite: for a field b of zero sum, the solution x of the grounded
system solves M x = b exactly, up to a translation, which is taken out. So one Cholesky
factorisation serves lowest modes, non-affine velocities, moduli and nonlinear modes alike, and
its success proves that the configuration is a minimum.
"""

from __future__ import annotations

import numpy as np

from glassmodes.modes.errors import ConvergenceError
from glassmodes.modes.factorisation import analyse
from glassmodes.modes.lanczos import block_lanczos

BLOCK = 2
"""Right-hand sides of each Lanczos step: few modes are wanted, and they are not degenerate."""
_STARTS = 3


class InverseHessian:
    """M^-1 of one minimum; use it as a context manager.

    Parameters
    ----------
    hessian : scipy.sparse matrix, shape=(d N, d N)
        Second derivatives, symmetric, row d*i + a for particle i and axis a.
    dimension : int
    package, memory_limit
        See :func:`glassmodes.modes.factorisation.analyse`.

    Raises
    ------
    NotDefiniteError
        The configuration is no minimum, or has zero modes beyond the translations.
    MemoryLimitError, ModeError
    """

    def __init__(self, hessian, dimension: int, *, package="auto", memory_limit=None):
        self.hessian, self.dimension = hessian.tocsr(), int(dimension)
        self.size = hessian.shape[0]
        self._factor = analyse(
            self.hessian[self.dimension :, self.dimension :].tocsr(),
            definite=True,
            package=package,
            memory_limit=memory_limit,
        ).at(0.0)

    @classmethod
    def of_expansion(cls, expansion, **options) -> InverseHessian:
        """Of an :class:`glassmodes.landscape.Expansion`, or whatever else gives a Hessian."""
        return cls(expansion.hessian(), expansion.dimension, **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Free the factor."""
        self._factor.close()

    def _solve_columns(self, right):
        d = self.dimension
        solution = np.zeros_like(right)
        balanced = _without_translations(right, d)
        solution[d:] = self._factor.solve(balanced[d:])
        return _without_translations(solution, d)

    def solve(self, fields) -> np.ndarray:
        """M^-1 of one or several fields, shape=(N, d) or (k, N, d), without translations."""
        fields = np.asarray(fields, dtype=float)
        columns = fields.reshape(-1, self.size).T
        return self._solve_columns(columns).T.reshape(fields.shape)

    def lowest(self, count: int, *, tolerance: float = 1e-10, seed: int = 0):
        """The lowest modes by block Lanczos on M^-1.

        Parameters
        ----------
        count : int
        tolerance : float
            On |M e - w^2 e| / w^2.
        seed : int
            Of the start vectors; the result does not depend on it beyond the tolerance.

        Returns
        -------
        values : ndarray, shape=(count,)
            w^2, ascending.
        vectors : ndarray, shape=(count, N, d)
            Orthonormal, of arbitrary sign.
        residuals : ndarray, shape=(count,)
            |M e - w^2 e| / w^2, computed afresh.

        Raises
        ------
        ConvergenceError
            No convergence from any of three starts, each with a wider block than the one before.
        """
        d = self.dimension
        count = min(int(count), self.size - d)
        translations = np.zeros((self.size, d), order="F")
        for axis in range(d):
            translations[axis::d, axis] = np.sqrt(d / self.size)

        def finished(pairs):
            low = slice(0, count)
            return len(pairs.values) >= count and bool(
                np.all(pairs.estimates[low] <= 0.3 * tolerance * np.abs(pairs.values[low]))
            )

        rng = np.random.default_rng(seed)
        for start in range(_STARTS):
            block = BLOCK * 2**start
            try:
                pairs = block_lanczos(
                    self._solve_columns,
                    0.0,
                    self.size,
                    finished,
                    constraint=translations,
                    rng=rng,
                    block=block,
                    first_check=8 * block,
                    max_basis=20 * count + 100 * block,
                    keep=2 * count + 4 * block,
                )
                break
            except ConvergenceError:
                if start == _STARTS - 1:
                    raise
        values = pairs.values[:count]
        vectors = _without_translations(pairs.vectors(np.arange(count)), d)
        vectors /= np.linalg.norm(vectors, axis=0)
        residuals = np.linalg.norm(self.hessian @ vectors - vectors * values, axis=0) / values
        return values, vectors.T.reshape(count, -1, d).copy(), residuals


def _without_translations(columns, dimension):
    particles = columns.shape[0] // dimension
    fields = columns.reshape(particles, dimension, -1)
    return (fields - fields.mean(axis=0)).reshape(columns.shape)
