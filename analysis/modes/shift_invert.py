"""Modes from sparse factorisations in this process: the lowest, and all of an interval."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analysis.modes.errors import IncompleteSpectrumError, ModeError
from analysis.modes.factorisation import NotDefiniteError, factorise
from analysis.modes.lanczos import block_lanczos

BLOCK = 24
# Smallest relative gap between two eigenvalues in which an inertia is taken.
_GAP = 1e-5
# How far beyond the modes asked for such a gap is looked for (the shells of a crystal).
_WINDOW = 200
_SLICE = 150
_ROUNDS = 3


def soft_shift(matrix) -> float:
    """Small positive e: M + e is definite for a minimum, its translations far from singular."""
    return 1e-4 * float(matrix.diagonal().mean())


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
    shift = -soft_shift(matrix)
    constraint, values, vectors = translations, np.empty(0), np.empty((size, 0))
    found = len(values)
    missing = wanted
    rng = np.random.default_rng(seed)
    try:
        factor = factorise(
            matrix, shift, definite=True, package=package, memory_limit=memory_limit
        )
    except NotDefiniteError as error:
        raise ModeError("the Hessian has a negative eigenvalue: this is no minimum") from error
    with factor:
        for attempt in range(_ROUNDS):
            target = min(missing, room - found)

            def finished(pairs, target=target, left=room - found):
                return (
                    _gap_above(pairs.values, pairs.estimates <= 0.5 * tolerance, target, left)
                    is not None
                )

            basis = max_basis or max(8 * target + 8 * BLOCK, 400)
            pairs = block_lanczos(
                factor.solve,
                shift,
                size,
                finished,
                constraint=constraint,
                rng=rng,
                block=BLOCK,
                first_check=min(4 * target, basis // 2),
                max_basis=basis,
                keep=target + min(target, _WINDOW) // 2 + BLOCK,
                log=log,
            )
            good = pairs.estimates <= 0.5 * tolerance
            cut = _gap_above(pairs.values, good, target, room - found)
            chosen = np.arange(min(cut + 1, len(pairs.values)))
            chosen = chosen[good[chosen]]
            values = np.concatenate([values, pairs.values[chosen]])
            vectors = np.hstack([vectors, pairs.vectors(chosen)])
            order = np.argsort(values)
            values, vectors = values[order], vectors[:, order]
            if not verify:
                return values[:wanted], vectors[:, :wanted], np.nan
            cut = _gap_above(values, np.ones(len(values), bool), wanted, room)
            if cut is None or cut >= room:
                above = values[-1] * (1 + _GAP)
                cut = len(values)
            else:
                above = 0.5 * (values[cut - 1] + values[cut]) if cut < len(values) else None
            if above is None:
                above, cut = values[-1] * (1 + _GAP), len(values)
            with factorise(matrix, above, package=package, memory_limit=memory_limit) as check:
                expected = check.negative - dimension
            if expected == cut:
                after = values[wanted] if len(values) > wanted else above
                return (
                    values[:wanted],
                    vectors[:, :wanted],
                    float(np.sqrt(0.5 * (values[wanted - 1] + after))),
                )
            if expected < cut:
                raise IncompleteSpectrumError(expected, cut, f"below w^2 = {above:.6g}")
            if log is not None:
                log.warning(
                    "inertia counts %d modes below w^2 = %.6g, %d found: searching the rest",
                    expected,
                    above,
                    cut,
                )
            constraint = np.hstack([translations, vectors])
            found, missing = len(values), expected - cut
    raise IncompleteSpectrumError(expected, cut, f"below w^2 = {above:.6g}")


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
        wide = [
            k for k in range(len(shifts) - 1) if counts[k + 1] - counts[k] > 1.5 * target
        ]
        if not wide:
            break
        middles = [0.5 * (shifts[k] + shifts[k + 1]) for k in wide]
        for k, middle, count in sorted(zip(wide, middles, count_at(middles)), reverse=True):
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
            raise IncompleteSpectrumError(
                count, len(chosen), f"w^2 from {low:.6g} to {high:.6g}"
            )
        return pairs.values[chosen], pairs.vectors(chosen)


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

    def exchange(mine):
        return mine if communicator is None else sum(communicator.allgather(mine), [])

    def count_at(shifts):
        mine = []
        for k in range(rank, len(shifts), ranks):
            with factorise(matrix, shifts[k], **options) as factor:
                mine.append((k, factor.negative))
        return [count for _, count in sorted(exchange(mine))]

    low = -soft_shift(matrix)
    if count_at([low])[0]:
        raise ModeError("the Hessian has a negative eigenvalue: this is no minimum")
    slices = slice_edges(count_at, low, frequency**2, dimension)
    # The translations are deflated, so the first slice holds d modes fewer than inertia counts.
    first_low, first_high, first_count = slices[0]
    slices[0] = (first_low, first_high, first_count - dimension)
    slices = [piece for piece in slices if piece[2] > 0]
    if log is not None:
        log.info("%d modes below %g in %d slices", sum(s[2] for s in slices), frequency, len(slices))
    mine, failure = [], None
    for k in range(rank, len(slices), ranks):
        try:
            pair = modes_of_slice(
                matrix, *slices[k], translations, tolerance=tolerance, seed=seed + k, **options
            )
        except ModeError as error:
            # The other ranks must hear of it before anybody raises.
            failure = error
            break
        mine.append((k, *pair))
    failures = [failure] if communicator is None else communicator.allgather(failure)
    for failure in failures:
        if failure is not None:
            raise failure
    parts = mine if communicator is None else communicator.gather(mine)
    if rank:
        return None
    if communicator is not None:
        parts = [part for group in parts for part in group]
    parts.sort(key=lambda part: part[0])
    if not parts:
        return np.empty(0), np.empty((size, 0))
    return np.concatenate([p[1] for p in parts]), np.hstack([p[2] for p in parts])
