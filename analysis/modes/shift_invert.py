"""Modes from sparse factorisations in this process: the lowest, and all of an interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import linalg

from analysis.modes.errors import IncompleteSpectrumError, ModeError
from analysis.modes.factorisation import NotDefiniteError, factorise
from analysis.modes.lanczos import block_lanczos

BLOCK = 16
# Smallest relative gap between two eigenvalues in which an inertia is taken.
_GAP = 1e-5
# How far beyond the modes asked for such a gap is looked for (the shells of a crystal).
_WINDOW = 200
_SLICE = 150
_ROUNDS = 3


def soft_shift(mean_diagonal: float) -> float:
    """Small positive e: M + e is definite for a minimum, its translations far from singular."""
    return 1e-4 * float(mean_diagonal)


def _gap_above(values, converged, wanted, room):
    """First k >= wanted with values[:k] converged and a gap above; None if there is none yet."""
    ready = len(converged) if converged.all() else int(np.argmin(converged))
    for k in range(wanted, min(ready, wanted + _WINDOW)):
        if values[k] - values[k - 1] > _GAP * abs(values[k]):
            return k
    # Degenerate to the end of the window, or no mode above: the count cannot be cut further.
    if ready >= min(wanted + _WINDOW, room):
        return min(wanted + _WINDOW, room)
    return None


def lowest_modes(
    matrix,
    wanted: int,
    translations,
    *,
    tolerance: float,
    seed: int = 0,
    package: str = "auto",
    memory_limit: int | None = None,
    max_basis: int | None = None,
    verify: bool = True,
    log=None,
):
    """The lowest modes by block Lanczos on (M + e)^-1, completeness by an inertia above them.

    Parameters
    ----------
    matrix : scipy.sparse matrix, shape=(n, n)
    wanted : int
    translations : ndarray, shape=(n, d)
    tolerance : float
        On |M e - w^2 e|.
    seed : int
        Of the start vectors.
    package, memory_limit
        See :func:`analysis.modes.factorisation.factorise`.
    max_basis : int, optional
        Lanczos vectors kept at once.
    verify : bool
        Without it, the second factorisation is left out and nothing is proved.

    Returns
    -------
    values, vectors, complete_below
        `complete_below` is a frequency; NaN without `verify`.

    Raises
    ------
    ModeError
        M has a negative eigenvalue.
    IncompleteSpectrumError
        Modes that inertia counts stay missing.
    """
    size, dimension = translations.shape
    room = size - dimension
    options = {"package": package, "memory_limit": memory_limit}
    rng = np.random.default_rng(seed)
    values, vectors = np.empty(0), np.empty((size, 0))
    target = wanted
    for _ in range(_ROUNDS):
        more_values, more_vectors = _search(
            matrix,
            target,
            np.hstack([translations, vectors]),
            tolerance=tolerance,
            rng=rng,
            max_basis=max_basis,
            log=log,
            **options,
        )
        values = np.concatenate([values, more_values])
        vectors = np.hstack([vectors, more_vectors])
        order = np.argsort(values)
        values, vectors = values[order], vectors[:, order]
        if not verify:
            return values[:wanted], vectors[:, :wanted], np.nan
        found, edge = _place_of_proof(values, wanted)
        with factorise(matrix, edge, **options) as factor:
            expected = factor.negative - dimension
        if expected == found:
            above = values[wanted] if len(values) > wanted else edge
            complete_below = float(np.sqrt(0.5 * (values[wanted - 1] + above)))
            return values[:wanted], vectors[:, :wanted], complete_below
        if expected < found:
            break
        if log is not None:
            message = "inertia counts %d modes below w^2 = %.6g, %d were found: searching the rest"
            log.warning(message, expected, edge, found)
        target = min(expected - found, room - len(values))
        if target < 1:
            break
    raise IncompleteSpectrumError(expected, found, f"below w^2 = {edge:.6g}")


def _search(matrix, target, constraint, *, tolerance, rng, max_basis, log, **options):
    """At least `target` of the lowest modes orthogonal to `constraint`, up to a gap."""
    size = len(constraint)
    room = size - constraint.shape[1]
    shift = -soft_shift(matrix.diagonal().mean())

    def last(pairs):
        return _gap_above(pairs.values, pairs.estimates <= 0.5 * tolerance, target, room)

    try:
        factor = factorise(matrix, shift, definite=True, **options)
    except NotDefiniteError as error:
        raise ModeError("the Hessian has a negative eigenvalue: this is no minimum") from error
    # Closed before anything else is factorised: two at once would double the peak of memory.
    with factor:
        basis = max_basis or max(8 * target + 8 * BLOCK, 400)
        pairs = block_lanczos(
            factor.solve,
            shift,
            size,
            lambda pairs: last(pairs) is not None,
            constraint=constraint,
            rng=rng,
            block=BLOCK,
            first_check=min(4 * target, basis // 2),
            max_basis=basis,
            keep=target + min(target, _WINDOW) // 2 + BLOCK,
            log=log,
        )
        # One mode beyond the gap, where there is one, so that the gap is known.
        chosen = np.arange(min(last(pairs) + 1, len(pairs.values)))
        chosen = chosen[pairs.estimates[chosen] <= 0.5 * tolerance]
        found = pairs.values[chosen], pairs.vectors(chosen)
        return _refined(matrix, factor, *found, constraint, tolerance)


def _refined(matrix, factor, values, vectors, constraint, tolerance):
    """Subspace iterations on pairs whose true residual is above `tolerance`.

    Lanczos estimates know nothing of rounding: an eigenvalue close to the shift leaves noise of
    its own size in all vectors, which counts (a / b)^2 times in a pair at distance a when the
    closest is at b (wide slices of a crystal). One more solve takes it out.
    """
    for _ in range(_ROUNDS):
        residual = np.linalg.norm(matrix @ vectors - vectors * values, axis=0)
        if residual.max(initial=0.0) <= tolerance:
            break
        vectors = factor.solve(vectors)
        vectors -= constraint @ (constraint.T @ vectors)
        vectors, _ = linalg.qr(vectors, mode="economic", check_finite=False)
        inner = vectors.T @ (matrix @ vectors)
        values, turn = linalg.eigh(0.5 * (inner + inner.T))
        vectors = vectors @ turn
    return values, vectors


def _place_of_proof(values, wanted):
    """How many of the modes lie below the first gap from `wanted` on, and where to count them."""
    for found in range(wanted, len(values)):
        if values[found] - values[found - 1] > _GAP * abs(values[found]):
            return found, 0.5 * (values[found - 1] + values[found])
    return len(values), values[-1] * (1 + _GAP)


def count_below(matrix, frequency, dimension, **options) -> int:
    """Modes below a frequency, by inertia; negative eigenvalues would be counted too."""
    with factorise(matrix, frequency**2, **options) as factor:
        return factor.negative - dimension


def slice_edges(count_at: Callable, low: float, high: float, dimension: int, target: int = _SLICE):
    """Cut (low, high] into slices of at most about 1.5 `target` modes.

    Parameters
    ----------
    count_at : callable
        count_at(list of shifts) -> list of the numbers of eigenvalues below each.
    low, high : float
        In w^2.

    Returns
    -------
    list of (float, float, int)
        Edges and number of modes of each slice; empty slices are left out.
    """
    bottom, top = count_at([low, high])
    pieces = max(round((top - bottom) / target), 1)
    # Counts of phonons grow as w^d: nearly equal slices at the first try.
    inner = [low + (high - low) * (k / pieces) ** (2.0 / dimension) for k in range(1, pieces)]
    shifts = [low, *inner, high]
    counts = [bottom, *count_at(inner), top]
    while True:
        wide = [k for k in range(len(shifts) - 1) if counts[k + 1] - counts[k] > 1.5 * target]
        if not wide:
            break
        middles = [0.5 * (shifts[k] + shifts[k + 1]) for k in wide]
        found = zip(wide, middles, count_at(middles), strict=True)
        for k, middle, count in sorted(found, reverse=True):
            shifts.insert(k + 1, middle)
            counts.insert(k + 1, count)
    return [
        (shifts[k], shifts[k + 1], counts[k + 1] - counts[k])
        for k in range(len(shifts) - 1)
        if counts[k + 1] > counts[k]
    ]


def modes_of_slice(
    matrix, low, high, count, translations, *, tolerance, seed=0, package="auto", memory_limit=None
):
    """All `count` modes with w^2 in (low, high).

    Returns
    -------
    values, vectors

    Raises
    ------
    IncompleteSpectrumError
        The number found is not the number that inertia counts.
    """
    size = translations.shape[0]
    shift = 0.5 * (low + high)

    def inside(pairs):
        good = pairs.estimates <= 0.5 * tolerance
        return np.flatnonzero(good & (pairs.values > low) & (pairs.values < high))

    with factorise(matrix, shift, package=package, memory_limit=memory_limit) as factor:
        try:
            pairs = block_lanczos(
                factor.solve,
                shift,
                size,
                lambda pairs: len(inside(pairs)) >= count,
                constraint=translations,
                rng=np.random.default_rng(seed),
                block=BLOCK,
                first_check=3 * count,
                max_basis=10 * count + 8 * BLOCK,
                keep=2 * count + BLOCK,
                max_solves=60 * count + 2000,
            )
        except ModeError as error:
            raise IncompleteSpectrumError(
                count, -1, f"w^2 from {low:.6g} to {high:.6g} (no convergence)"
            ) from error
        chosen = inside(pairs)
        if len(chosen) != count:
            raise IncompleteSpectrumError(count, len(chosen), f"w^2 from {low:.6g} to {high:.6g}")
        found = pairs.values[chosen], pairs.vectors(chosen)
        return _refined(matrix, factor, *found, translations, tolerance)


def modes_below(
    matrix,
    frequency: float,
    translations,
    *,
    tolerance: float,
    communicator=None,
    seed: int = 0,
    package: str = "auto",
    memory_limit: int | None = None,
    log=None,
):
    """All modes below a frequency by spectrum slicing; slices are shared out over the ranks.

    Each rank factorises alone (as under SLEPc's ``setPartitions``), so the inertias at the edges
    prove the count of every slice. All ranks must hold the whole matrix.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm, optional

    Returns
    -------
    values, vectors
        On rank 0; None elsewhere.

    Raises
    ------
    IncompleteSpectrumError, ModeError
    """
    rank = 0 if communicator is None else communicator.rank
    ranks = 1 if communicator is None else communicator.size
    size, dimension = translations.shape
    options = {"package": package, "memory_limit": memory_limit}

    def share_out(action, items):
        """action(k, item) for every item on some rank; the results of all, by rank."""
        mine, failure = [], None
        try:
            mine = [action(k, items[k]) for k in range(rank, len(items), ranks)]
        except ModeError as error:
            # The other ranks must hear of it before anybody raises.
            failure = error
        failures = [failure] if communicator is None else communicator.allgather(failure)
        for failure in failures:
            if failure is not None:
                raise failure
        return mine

    def count_at(shifts):
        def count(k, shift):
            with factorise(matrix, shift, **options) as factor:
                return k, factor.negative

        mine = share_out(count, shifts)
        parts = [mine] if communicator is None else communicator.allgather(mine)
        return [number for _, number in sorted(sum(parts, []))]

    low = -soft_shift(matrix.diagonal().mean())
    if count_at([low])[0]:
        raise ModeError("the Hessian has a negative eigenvalue: this is no minimum")
    slices = slice_edges(count_at, low, frequency**2, dimension)
    # The translations are deflated, so the first slice holds d modes fewer than inertia counts.
    first_low, first_high, first_count = slices[0]
    slices[0] = (first_low, first_high, first_count - dimension)
    slices = [piece for piece in slices if piece[2] > 0]
    if log is not None:
        log.info(
            "%d modes below %g in %d slices", sum(s[2] for s in slices), frequency, len(slices)
        )

    def solve(k, piece):
        settings = {"tolerance": tolerance, "seed": seed + k, **options}
        return k, *modes_of_slice(matrix, *piece, translations, **settings)

    mine = share_out(solve, slices)
    parts = mine if communicator is None else communicator.gather(mine)
    if rank:
        return None
    if communicator is not None:
        parts = [part for group in parts for part in group]
    parts.sort(key=lambda part: part[0])
    if not parts:
        return np.empty(0), np.empty((size, 0))
    return np.concatenate([p[1] for p in parts]), np.hstack([p[2] for p in parts])
