"""Full spectra by dense diagonalisation."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from glassmodes.modes.errors import ModeError


def dense_bytes(size: int) -> int:
    """Peak memory of :func:`dense_spectrum`: the matrix, LAPACK's work space, the result."""
    return int(8 * (4.0 * size * size + 30.0 * size))


def dense_spectrum(matrix, translations, bound: float, driver: str = "evd"):
    """Eigenvalues and vectors of M, the rigid translations taken out exactly.

    M commutes with the projector P onto uniform translations, so M + s P has the same modes and
    the d translations alone at s; s above the whole spectrum puts them last, and whatever is
    left near zero is a mode of its own.

    Parameters
    ----------
    matrix : scipy.sparse matrix, shape=(n, n)
    translations : ndarray, shape=(n, d)
        Orthonormal.
    bound : float
        Upper bound of the spectrum.
    driver : {"evd", "evr"}
        LAPACK's divide and conquer (as fast, orthogonal in degenerate shells), or relatively
        robust representations (half the memory).

    Returns
    -------
    values : ndarray, shape=(n - d,)
    vectors : ndarray, shape=(n, n - d)

    Raises
    ------
    ModeError
        The translations do not separate.
    """
    dimension = translations.shape[1]
    full = matrix.toarray(order="F")
    place = 1.25 * bound
    weight = place * dimension / len(full)
    for axis in range(dimension):
        full[axis::dimension, axis::dimension] += weight
    values, vectors = linalg.eigh(full, driver=driver, overwrite_a=True, check_finite=False)
    overlap = translations.T @ vectors
    weights = (overlap**2).sum(axis=0)
    rigid = np.flatnonzero(weights > 0.5)
    expected = np.arange(len(values) - dimension, len(values))
    if not np.array_equal(rigid, expected) or weights[:-dimension].max(initial=0.0) > 1e-16:
        raise ModeError(
            f"{len(rigid)} eigenvectors are rigid translations, {dimension} were expected: "
            "the matrix is not the Hessian of a translation-invariant energy"
        )
    return values[:-dimension], vectors[:, :-dimension]
