"""Products of tall matrices with the threads that factorise, which NumPy's BLAS does not share."""

from __future__ import annotations

import ctypes

import numpy as np

from glassmodes.modes.factorisation import mkl_library

# Names of CBLAS.
_BY_COLUMNS, _AS_IT_IS, _TRANSPOSED = 102, 111, 112
_WORD = np.dtype(np.float64).itemsize


def product(left: np.ndarray, right: np.ndarray, *, transpose: bool = False) -> np.ndarray:
    """left @ right, or left.T @ right, by MKL where it is there (twice as fast on two cores).

    Parameters
    ----------
    left : ndarray, shape=(n, k), or (k, n) if `transpose`
    right : ndarray, shape=(k, m)

    Returns
    -------
    ndarray, shape=(n, m), column-major
    """
    library = mkl_library()
    given = (left, right)
    by_columns = all(
        a.dtype == np.float64 and a.strides[0] == _WORD and a.strides[1] >= _WORD * a.shape[0]
        for a in given
    )
    if library is None or not by_columns or min(*left.shape, *right.shape) == 0:
        return np.asfortranarray((left.T if transpose else left) @ right)
    rows, inner = left.shape[::-1] if transpose else left.shape
    if inner != right.shape[0]:
        raise ValueError(f"shapes {left.shape} and {right.shape} do not match")
    out = np.empty((rows, right.shape[1]), order="F")
    integer, real = ctypes.c_int, ctypes.c_double
    (a, step_a), (b, step_b), (c, step_c) = (
        (array.ctypes.data_as(ctypes.c_void_p), integer(array.strides[1] // _WORD))
        for array in (*given, out)
    )
    library.cblas_dgemm(
        integer(_BY_COLUMNS),
        integer(_TRANSPOSED if transpose else _AS_IT_IS),
        integer(_AS_IT_IS),
        integer(rows),
        integer(right.shape[1]),
        integer(inner),
        real(1.0),
        a,
        step_a,
        b,
        step_b,
        real(0.0),
        c,
        step_c,
    )
    return out
