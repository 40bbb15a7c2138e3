"""Block Lanczos with thick restart on (M - s)^-1, many right-hand sides at once.

Full reorthogonalisation (its cost is small beside the solves), so the projected matrix is just
V^T Op V and a restart keeps Ritz vectors in front of the next block. Blocks find equal eigenvalues
(the shells of a crystal); what a block is too narrow for, rounding brings in later, and whoever
knows the count by inertia waits for it.

Of each Ritz vector v with Ritz value t the *purified* vector Op v / t is returned: with
Op V = V T + Q R it costs nothing, its residual in M is |R y| / t^2 rather than |M| |R y| / t, and
530 = |M| of a 12-IPL glass would be paid in iterations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from glassmodes.modes.errors import ConvergenceError
from glassmodes.modes.products import product


@dataclass
class RitzPairs:
    """Approximate eigenpairs of M, ordered by eigenvalue.

    Attributes
    ----------
    values : ndarray, shape=(k,)
        Eigenvalues of M.
    estimates : ndarray, shape=(k,)
        Estimated norm of the residual in M of each purified vector.
    vectors : callable
        vectors(indices) -> ndarray, shape=(n, len(indices)).
    """

    values: np.ndarray
    estimates: np.ndarray
    vectors: Callable


def orthonormalise(block, basis, rng, recent: int | None = None):
    """Remove `basis` from `block` (twice) and orthonormalise it.

    Columns that vanish are replaced by random ones, so an invariant subspace ends no run.

    Parameters
    ----------
    block : ndarray, shape=(n, k)
    basis : ndarray, shape=(n, m)
        Orthonormal.
    rng : numpy.random.Generator
    recent : int, optional
        In a Lanczos recurrence all but rounding lies along so many last columns of `basis`: the
        first removal is then from these alone.

    Returns
    -------
    block, overlap, factor
        block_in = basis @ overlap + block_out @ factor.
    """
    first = 0 if recent is None else max(basis.shape[1] - recent, 0)
    overlap = np.zeros((basis.shape[1], block.shape[1]), order="F")
    overlap[first:] = product(basis[:, first:], block, transpose=True)
    block = block - product(basis[:, first:], overlap[first:])
    again = product(basis, block, transpose=True)
    block -= product(basis, again)
    overlap += again
    norms = np.linalg.norm(block, axis=0)
    block, factor = linalg.qr(block, mode="economic", overwrite_a=True, check_finite=False)
    lost = np.abs(np.diag(factor)) <= 1e-13 * max(norms.max(), np.abs(overlap).max())
    if lost.any():
        fresh = rng.standard_normal((block.shape[0], int(lost.sum())))
        kept = np.hstack([basis, block[:, ~lost]])
        for _ in range(2):
            fresh -= kept @ (kept.T @ fresh)
            fresh, _ = linalg.qr(fresh, mode="economic", check_finite=False)
        block[:, lost] = fresh
        factor[lost] = 0.0
    return np.asfortranarray(block), overlap, factor


def block_lanczos(
    solve,
    shift: float,
    size: int,
    finished: Callable[[RitzPairs], bool],
    *,
    constraint: np.ndarray,
    rng: np.random.Generator,
    block: int = 16,
    first_check: int = 0,
    max_basis: int = 600,
    keep: int = 200,
    max_solves: int = 20000,
    log=None,
) -> RitzPairs:
    """Eigenpairs of M nearest to `shift`.

    Parameters
    ----------
    solve : callable
        solve(B) = (M - shift)^-1 B for B of shape=(n, block).
    shift : float
    size : int
        n.
    finished : callable
        Given the current pairs, says whether they suffice.
    constraint : ndarray, shape=(n, c)
        Orthonormal eigenvectors of M to stay orthogonal to (the rigid translations).
    rng : numpy.random.Generator
        Start vectors.
    block : int
        Right-hand sides per solve.
    first_check : int
        Basis size before which convergence is not looked at.
    max_basis, keep : int
        Thick restart: at `max_basis` vectors, shrink to `keep` Ritz vectors.
    max_solves : int
        Right-hand sides after which to give up.

    Returns
    -------
    RitzPairs

    Raises
    ------
    ConvergenceError
        Not converged within `max_solves`.
    """
    room = size - constraint.shape[1]
    block = min(block, room)
    max_basis = max(min(max_basis, room), 1)
    keep = min(keep, max(max_basis - 2 * block, 1))
    capacity = max_basis + block
    basis = np.empty((size, capacity + constraint.shape[1]), order="F")
    fixed = constraint.shape[1]
    basis[:, :fixed] = constraint
    # `whole` holds the constraints in front of the Lanczos vectors: one product removes both.
    start = rng.standard_normal((size, block))
    q, _, _ = orthonormalise(start, basis[:, :fixed], rng)
    projected = np.zeros((capacity, capacity))
    count, solves, next_check, recent = 0, 0, first_check, None
    while True:
        width = q.shape[1]
        basis[:, fixed + count : fixed + count + width] = q
        count += width
        image = solve(q)
        solves += width
        # Beyond `room` vectors nothing is left to add: the projection is exact.
        known = basis[:, : fixed + count]
        following, overlap, factor = orthonormalise(image, known, rng, recent=recent)
        recent = 2 * width
        overlap = overlap[fixed:]
        projected[:count, count - width : count] = overlap
        projected[count - width : count, :count] = overlap.T
        exhausted = count + block > room
        full = count + block > max_basis
        if count >= next_check or full or exhausted:
            inner = projected[:count, :count]
            theta, ritz = linalg.eigh(0.5 * (inner + inner.T), driver="evd", check_finite=False)
            pairs = _pairs(basis, fixed, count, width, shift, theta, ritz, following, factor)
            if exhausted:
                pairs.estimates[:] = 0.0
            done = finished(pairs)
            if log is not None:
                log.debug("block Lanczos: basis %d, %d solves, finished %s", count, solves, done)
            if done or exhausted:
                return pairs
            if solves >= max_solves:
                raise ConvergenceError(f"block Lanczos did not converge within {solves} solves")
            next_check = count + 2 * block
            if full:
                chosen = np.argsort(-np.abs(theta))[:keep]
                kept = product(basis[:, fixed : fixed + count], np.asfortranarray(ritz[:, chosen]))
                basis[:, fixed : fixed + keep] = kept
                projected[:] = 0.0
                projected[np.arange(keep), np.arange(keep)] = theta[chosen]
                count = keep
                # The first image after a restart has parts along all Ritz vectors kept.
                next_check, recent = 0, None
        q = following


def _pairs(basis, fixed, count, width, shift, theta, ritz, following, factor):
    order = np.argsort(shift + 1.0 / np.where(theta == 0.0, 1e-300, theta))
    theta, ritz = theta[order], ritz[:, order]
    rest = factor @ ritz[count - width : count]
    estimates = np.linalg.norm(rest, axis=0) / theta**2

    def vectors(indices):
        indices = np.asarray(indices)
        chosen = np.asfortranarray(ritz[:, indices])
        out = product(basis[:, fixed : fixed + count], chosen)
        out += following @ (rest[:, indices] / theta[indices])
        out /= np.linalg.norm(out, axis=0)
        return out

    return RitzPairs(shift + 1.0 / theta, estimates, vectors)
