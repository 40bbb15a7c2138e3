"""Modes from sparse factorisations in this process: the lowest, and all of an interval."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import linalg

from glassmodes.modes.errors import ConvergenceError, IncompleteSpectrumError, ModeError
from glassmodes.modes.factorisation import analyse, factorise
from glassmodes.modes.lanczos import block_lanczos

BLOCK = 16
SLICE = 150
"""Modes of a slice that spectrum slicing aims at."""
# So many modes come from one factorisation sooner than from two slices.
_FEW = 250
_ROUNDS = 3
# Estimated residual of pairs that are good enough to help others.
_KNOWN = 1e-4
# Attempts to place a shift just above the modes asked for.
_GUESSES = 8
# Starts of block Lanczos from one factorisation, each with a wider block than the one before.
_STARTS = 3
# Random vectors that estimate how many modes lie below a shift: 5% at a hundred modes.
_PROBES = 8


def soft_shift(mean_diagonal: float) -> float:
    """Small positive e: M + e is definite for a minimum, its translations far from singular."""
    return 1e-4 * float(mean_diagonal)


def spectral_counts(matrix, translations, rng):
    """Estimated number of modes below w^2: Lanczos quadrature with random vectors.

    The nodes of `steps` Lanczos steps lie quadratically dense at the ends of the spectrum, which
    is where the lowest modes are: 52 resolve the first hundred of 12,000 well enough.

    Returns
    -------
    callable
        place(count) -> w^2 below which so many modes are expected.
    """
    size, dimension = translations.shape
    steps = int(np.clip(52 * (size / 12000) ** (1 / 3), 24, 400))
    steps = min(steps, size - dimension)
    q = rng.standard_normal((size, _PROBES))
    q -= translations @ (translations.T @ q)
    q /= np.linalg.norm(q, axis=0)
    before, beta = np.zeros_like(q), np.zeros(_PROBES)
    diagonal, off = np.empty((steps, _PROBES)), np.empty((steps, _PROBES))
    for step in range(steps):
        image = matrix @ q
        image -= beta * before
        diagonal[step] = np.einsum("ij,ij->j", image, q)
        image -= diagonal[step] * q
        beta = off[step] = np.linalg.norm(image, axis=0)
        if beta.min() < 1e-10 * np.abs(diagonal[step]).max():
            diagonal, off = diagonal[: step + 1], off[: step + 1]
            break
        before, q = q, image / beta
    nodes, counts = [], []
    for column in range(_PROBES):
        node, vectors = linalg.eigh_tridiagonal(diagonal[:, column], off[:-1, column])
        weight = vectors[0] ** 2 * (size - dimension)
        nodes.append(np.maximum(node, 1e-12 * node[-1]))
        # A node stands for the states on both of its sides.
        counts.append(np.cumsum(weight) - 0.5 * weight)
    grid = np.geomspace(min(node[0] for node in nodes), max(node[-1] for node in nodes), 2000)
    # Between nodes as phonons, w^d: straight lines would count 5% too many at the hundredth mode.
    phonons = 2.0 / dimension
    mean = np.mean(
        [
            np.interp(grid, node, count**phonons, left=0.0) ** (1.0 / phonons)
            for node, count in zip(nodes, counts, strict=True)
        ],
        axis=0,
    )
    known = mean > 0.5

    def place(count):
        first = mean[known][0]
        if count < first:
            # Below the first node: as phonons, w^d.
            return grid[known][0] * (count / first) ** (2.0 / dimension)
        return float(np.interp(count, mean[known], grid[known]))

    return place


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
    log=None,
):
    """The lowest modes, from a single factorisation that proves that none is missing.

    A shift s is placed a few modes above the highest one wanted (Lanczos quadrature says where,
    inertia corrects it). The LDL^T of M - s then counts the modes below s, and block Lanczos on
    (M - s)^-1 finds them all. At N = 4,000 that takes fewer solves (450) than iterating on the
    definite (M + e)^-1 does (540), and one factorisation instead of two.

    Parameters
    ----------
    matrix : scipy.sparse matrix, shape=(n, n)
    wanted : int
    translations : ndarray, shape=(n, d)
    tolerance : float
        On |M e - w^2 e|.
    seed : int
        Of the random vectors.
    package, memory_limit
        See :func:`glassmodes.modes.factorisation.factorise`.
    max_basis : int, optional
        Lanczos vectors kept at once.

    Returns
    -------
    values, vectors, complete_below
        `complete_below` is a frequency. Negative eigenvalues come first, if there are any.

    Raises
    ------
    ConvergenceError
        Modes that inertia counts were not found, from any start, or no shift is a good one.
    ModeError
        The matrix is not that of a minimum.
    """
    size, dimension = translations.shape
    room = size - dimension
    rng = np.random.default_rng(seed)
    options = {"package": package, "memory_limit": memory_limit}
    # The analysis waits for no shift: it goes on beside the estimate of the counts.
    with ThreadPoolExecutor(1) as pool:
        analysed = pool.submit(analyse, matrix, **options)
        place = spectral_counts(matrix, translations, rng)
    # Two standard deviations of the estimate above, so that a second factorisation is rare.
    target = min(wanted + 2.0 * np.sqrt(2.0 * wanted / _PROBES) + 2.0, room)
    # Below this there is no place for modes of a minimum.
    floor = 1e-2 * soft_shift(matrix.diagonal().mean())
    shift = max(place(target), floor)
    low, high = 0.0, np.inf
    with analysed.result() as factor:
        for guess in range(_GUESSES):
            count = factor.at(shift).negative - dimension
            enough = count >= wanted
            if log is not None:
                log.debug("shift w^2 = %.6g: %d modes below, %d wanted", shift, count, wanted)
            if enough and (count <= 1.6 * wanted + 2 * BLOCK or guess == _GUESSES - 1):
                values, vectors = _all_between(
                    matrix,
                    factor,
                    (-np.inf, shift),
                    count,
                    translations,
                    tolerance=tolerance,
                    rng=rng,
                    max_basis=max_basis,
                    log=log,
                )
                above = values[wanted] if count > wanted else shift
                middle = 0.5 * (values[wanted - 1] + above)
                complete_below = float(np.sqrt(max(middle, 0.0)))
                return values[:wanted], vectors[:, :wanted], complete_below
            if enough and shift <= floor:
                kind = "negative eigenvalues" if factor.at(-floor).negative else "zero modes"
                raise ModeError(f"{count} {kind}: this is no minimum")
            low, high = (low, shift) if enough else (shift, high)
            step = (target / max(count, 0.5)) ** (2.0 / dimension)
            shift *= float(np.clip(step, 0.1, 10.0))
            if not low < shift < high:
                # The count does not grow as that of phonons, or a crystal's shell is in between.
                shift = 0.5 * (low + high) if np.isfinite(high) else 2.0 * low
            shift = max(shift, floor)
    raise ConvergenceError(f"no shift found above the {wanted} lowest modes in {_GUESSES} attempts")


def _all_between(
    matrix, factor, interval, count, constraint, *, tolerance, rng, max_basis=None, log=None
):
    """All `count` eigenpairs in an interval, from the factorisation of M - factor.shift.

    A start that loses some of them is followed by others, from new random vectors and with wider
    blocks.
    """
    for start in range(_STARTS):
        try:
            return _all_from_one_start(
                matrix,
                factor,
                interval,
                count,
                constraint,
                tolerance=tolerance,
                rng=rng,
                block=BLOCK * 2**start,
                max_basis=max_basis,
                log=log,
            )
        except ConvergenceError as error:
            failure = error
            if log is not None:
                log.warning("start %d of %d: %s", start + 1, _STARTS, failure)
    raise failure


def _all_from_one_start(
    matrix, factor, interval, count, constraint, *, tolerance, rng, block, max_basis, log
):
    low, high = interval

    def inside(pairs):
        good = pairs.estimates <= 0.5 * tolerance
        return np.flatnonzero(good & (pairs.values > low) & (pairs.values < high))

    pairs = block_lanczos(
        factor.solve,
        factor.shift,
        len(constraint),
        lambda pairs: len(inside(pairs)) >= count,
        constraint=constraint,
        rng=rng,
        block=block,
        first_check=min(3 * count, (max_basis or 10**9) // 2),
        max_basis=max_basis or 10 * count + 20 * block,
        keep=2 * count + block,
        max_solves=60 * count + 2000,
        log=log,
    )
    where = f"w^2 from {low:.6g} to {high:.6g}"
    chosen = inside(pairs)
    if len(chosen) != count:
        raise IncompleteSpectrumError(count, len(chosen), where)
    values, vectors = _refined(matrix, factor, pairs, chosen, interval, constraint, tolerance)
    if len(values) != count:
        raise IncompleteSpectrumError(count, len(values), where)
    return values, vectors


def _refined(matrix, factor, pairs, chosen, interval, constraint, tolerance):
    """The chosen pairs, after subspace iterations if a true residual is above `tolerance`.

    Lanczos estimates know nothing of rounding: an eigenvalue close to the shift leaves noise of
    its own size in all vectors, which counts (a / b)^2 times in a pair at distance a when the
    closest is at b (wide slices of a crystal). One more solve takes it out, provided that the
    subspace holds the closest ones on both sides of the interval's edges: those left out would
    grow a / b times instead.
    """
    low, high = interval
    values, vectors = pairs.values[chosen], pairs.vectors(chosen)
    if _largest_residual(matrix, values, vectors) <= tolerance:
        return values, vectors
    vectors = pairs.vectors(np.flatnonzero(pairs.estimates <= _KNOWN))
    for _ in range(_ROUNDS):
        vectors = factor.solve(vectors)
        vectors -= constraint @ (constraint.T @ vectors)
        vectors, _ = linalg.qr(vectors, mode="economic", check_finite=False)
        inner = vectors.T @ (matrix @ vectors)
        every, turn = linalg.eigh(0.5 * (inner + inner.T))
        vectors = vectors @ turn
        inside = (every > low) & (every < high)
        values = every[inside]
        if _largest_residual(matrix, values, vectors[:, inside]) <= tolerance:
            break
    return values, vectors[:, inside]


def _largest_residual(matrix, values, vectors) -> float:
    return float(np.linalg.norm(matrix @ vectors - vectors * values, axis=0).max(initial=0.0))


def count_below(matrix, frequency, dimension, **options) -> int:
    """Modes below a frequency, by inertia; negative eigenvalues would be counted too."""
    with factorise(matrix, frequency**2, **options) as factor:
        return factor.negative - dimension


def slice_edges(count_at: Callable, low: float, high: float, dimension: int, target: int = SLICE):
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
    matrix,
    low,
    high,
    count,
    translations,
    *,
    tolerance,
    seed=0,
    package="auto",
    memory_limit=None,
    log=None,
):
    """All `count` modes with w^2 in (low, high).

    Returns
    -------
    values, vectors

    Raises
    ------
    ConvergenceError
        The number found, from any start, is not the number that inertia counts.
    """
    with factorise(
        matrix, 0.5 * (low + high), package=package, memory_limit=memory_limit
    ) as factor:
        return _all_between(
            matrix,
            factor,
            (low, high),
            count,
            translations,
            tolerance=tolerance,
            rng=np.random.default_rng(seed),
            log=log,
        )


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
    slice_size: int = SLICE,
    log=None,
):
    """All modes below a frequency by spectrum slicing; slices are shared out over the ranks.

    Each rank factorises alone (as under SLEPc's ``setPartitions``), so the inertias at the edges
    prove the count of every slice. All ranks must hold the whole matrix.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm, optional
    slice_size : int
        Modes of a slice to aim at.

    Returns
    -------
    values, vectors
        On rank 0; None elsewhere.

    Raises
    ------
    ConvergenceError, ModeError
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
        # The other ranks must hear of it before anybody raises.
        except ModeError as error:
            failure = error
        except linalg.LinAlgError as error:
            failure = ConvergenceError(f"LAPACK: {error}")
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

    def few(_, shift):
        """The number of modes below; and where they are few, all of them from that factor."""
        with factorise(matrix, shift, **options) as factor:
            count = factor.negative - dimension
            if count > _FEW:
                return count, None
            settings = {"tolerance": tolerance, "rng": np.random.default_rng(seed), "log": log}
            interval = (-np.inf, shift)
            return count, _all_between(matrix, factor, interval, count, translations, **settings)

    # The only item is that of rank 0.
    total, found = (share_out(few, [frequency**2]) or [(None, None)])[0]
    if communicator is not None:
        total = communicator.bcast(total)
    if total <= _FEW:
        return found
    low = -soft_shift(matrix.diagonal().mean())
    if count_at([low])[0]:
        raise ModeError("the Hessian has a negative eigenvalue: this is no minimum")
    slices = slice_edges(count_at, low, frequency**2, dimension, slice_size)
    # The translations are deflated, so the first slice holds d modes fewer than inertia counts.
    first_low, first_high, first_count = slices[0]
    slices[0] = (first_low, first_high, first_count - dimension)
    slices = [piece for piece in slices if piece[2] > 0]
    if log is not None:
        log.info(
            "%d modes below %g in %d slices", sum(s[2] for s in slices), frequency, len(slices)
        )

    def solve(k, piece):
        settings = {"tolerance": tolerance, "seed": seed + k, "log": log, **options}
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
