"""Densities of vibrational states: from spectra, and without them by Chebyshev expansion.

g(w) = 1/(dN - d) sum_k delta(w - w_k) (Mizuno et al. 2020 [anharmonic], section II B): one mode
in all, the d translations left out. The Debye law is g = A_D w^(d-1), A_D = d / w_D^d.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Density:
    """A density of states on bins.

    Attributes
    ----------
    frequency : ndarray, shape=(b,)
        Bin centres.
    density : ndarray, shape=(b,)
        g(w); its integral over all frequencies is one.
    error : ndarray, shape=(b,)
        Standard error (over samples or random vectors; Poisson from a single one).
    edges : ndarray, shape=(b + 1,)
    """

    frequency: np.ndarray
    density: np.ndarray
    error: np.ndarray
    edges: np.ndarray


def _spectra(frequencies) -> list[np.ndarray]:
    if isinstance(frequencies, np.ndarray) and frequencies.ndim == 1:
        return [frequencies]
    return [np.asarray(f, dtype=float) for f in frequencies]


def vibrational_density_of_states(
    frequencies: Sequence[np.ndarray] | np.ndarray,
    edges,
    *,
    modes_per_sample: int | None = None,
) -> Density:
    """g(w) by histogram over samples.

    Parameters
    ----------
    frequencies : ndarray or list of ndarray
        Angular frequencies of each sample.
    edges : ndarray, shape=(b + 1,)
    modes_per_sample : int, optional
        d N - d; needed where the spectra are not full (the lowest modes only). By default the
        number of frequencies given.

    Returns
    -------
    Density

    Raises
    ------
    ValueError
        Fewer modes per sample than frequencies given.
    """
    spectra = _spectra(frequencies)
    edges = np.asarray(edges, dtype=float)
    totals = np.array([modes_per_sample or len(s) for s in spectra])
    if any(len(s) > total for s, total in zip(spectra, totals, strict=True)):
        raise ValueError(f"more frequencies than {modes_per_sample} modes per sample")
    counts = np.array([np.histogram(s, edges)[0] for s in spectra], dtype=float)
    width = np.diff(edges)
    each = counts / (totals[:, None] * width)
    if len(spectra) > 1:
        error = each.std(axis=0, ddof=1) / np.sqrt(len(spectra))
    else:
        error = np.sqrt(counts[0]) / (totals[0] * width)
    return Density(0.5 * (edges[1:] + edges[:-1]), each.mean(axis=0), error, edges)


def reduced_density(density: Density, dimension: int = 3) -> Density:
    """g(w) / w^(d-1), in which the Debye law is flat.

    Each bin is divided by its own mean of w^(d-1), so that wide bins and the first one are exact.
    """
    upper, lower = density.edges[1:], density.edges[:-1]
    mean = (upper**dimension - lower**dimension) / (dimension * (upper - lower))
    return Density(density.frequency, density.density / mean, density.error / mean, density.edges)


@dataclass(frozen=True)
class BosonPeak:
    """The maximum of g(w)/w^(d-1).

    Attributes
    ----------
    frequency, frequency_error : float
        The error is the standard deviation over bootstrap samples.
    height, height_error : float
    """

    frequency: float
    frequency_error: float
    height: float
    height_error: float


def boson_peak(
    frequencies: Sequence[np.ndarray] | np.ndarray,
    *,
    rng: np.random.Generator,
    dimension: int = 3,
    modes_per_sample: int | None = None,
    bandwidth: float | None = None,
    search: tuple[float, float] | None = None,
    bootstraps: int = 200,
) -> BosonPeak:
    """w_BP, where g(w)/w^(d-1) has its maximum, with an error from a bootstrap over samples.

    The density is smoothed by a Gaussian in ln w: relative resolution is what a peak that one
    looks for over decades needs, and no mode leaks to w = 0, where the division would blow it up.
    Samples are drawn with replacement; of a single sample the modes are.

    Parameters
    ----------
    frequencies : ndarray or list of ndarray
    rng : numpy.random.Generator
    dimension : int
    modes_per_sample : int, optional
        d N - d where the spectra are not full.
    bandwidth : float, optional
        Standard deviation in ln w; by default 0.15, or wider where fewer than some 30 modes
        would lie below it.
    search : (float, float), optional
        Frequencies between which the maximum is looked for; by default from the 20th lowest of
        all modes given to the median.
    bootstraps : int

    Returns
    -------
    BosonPeak
    """
    spectra = _spectra(frequencies)
    together = np.sort(np.concatenate(spectra))
    if bandwidth is None:
        bandwidth = max(0.15, 0.6 * len(together) ** -0.2 * 0.5)
    if search is None:
        search = (together[min(20, len(together) - 1)], together[len(together) // 2])
    grid = np.geomspace(*search, 400)
    totals = np.array([modes_per_sample or len(s) for s in spectra], dtype=float)
    step = np.log(grid[1] / grid[0])
    # Counts on a fine logarithmic grid, once; each bootstrap is then one weighted sum.
    pad = int(np.ceil(4 * bandwidth / step))
    edges = np.exp(np.log(grid[0]) + step * (np.arange(-pad, len(grid) + pad + 1) - 0.5))
    counts = np.array([np.histogram(s, edges)[0] for s in spectra], dtype=float)
    offsets = step * np.arange(-pad, pad + 1)
    kernel = np.exp(-0.5 * (offsets / bandwidth) ** 2)
    kernel /= kernel.sum() * step

    def peak(weights_counts, total):
        smooth = np.convolve(weights_counts, kernel, mode="valid") / total
        # dN/dln w = w g(w)
        reduced = smooth / grid**dimension
        top = int(reduced.argmax())
        if 0 < top < len(grid) - 1:
            left, middle, right = np.log(np.maximum(reduced[top - 1 : top + 2], 1e-300))
            curvature = left - 2 * middle + right
            offset = 0.5 * (left - right) / curvature if curvature < 0 else 0.0
        else:
            offset = 0.0
        return grid[top] * np.exp(offset * step), reduced[top]

    best = peak(counts.sum(axis=0), totals.sum())
    draws = []
    for _ in range(bootstraps):
        if len(spectra) > 1:
            pick = rng.integers(len(spectra), size=len(spectra))
            draws.append(peak(counts[pick].sum(axis=0), totals[pick].sum()))
        else:
            draws.append(peak(rng.poisson(counts[0]).astype(float), totals[0]))
    frequency_error, height_error = np.std(draws, axis=0, ddof=1)
    return BosonPeak(*map(float, (best[0], frequency_error, best[1], height_error)))


def kernel_polynomial_bytes(size: int, dimension: int, pairs: int) -> int:
    """Peak memory of :func:`kernel_polynomial_density`: its fields, and the expansion's bonds.

    Bonds count twice, as while the expansion is made (1.7 GiB measured at N = 256,000, 12-IPL).
    """
    return 8 * 6 * size + 2 * pairs * (64 + 8 * dimension)


def largest_eigenvalue(product, shape, rng, steps: int = 60) -> float:
    """Upper bound of the spectrum: the largest Ritz value of a short Lanczos plus its residual."""
    q = rng.standard_normal(shape)
    q /= np.linalg.norm(q)
    before, beta = np.zeros(shape), 0.0
    diagonal, off = [], []
    for _ in range(min(steps, q.size)):
        image = product(q) - beta * before
        alpha = float(np.vdot(q, image))
        image -= alpha * q
        diagonal.append(alpha)
        beta = float(np.linalg.norm(image))
        off.append(beta)
        if beta < 1e-12 * abs(alpha):
            break
        before, q = q, image / beta
    ritz = np.diag(diagonal) + np.diag(off[:-1], 1) + np.diag(off[:-1], -1)
    values, vectors = np.linalg.eigh(ritz)
    return float(values[-1] + abs(off[-1] * vectors[-1, -1]))


def chebyshev_moments(product, shape, scale, moments, rng):
    """mu_n = z.T_n(2 M / scale - 1) z / z.z of one random vector without rigid translation.

    Two moments come of each product (T_2n = 2 T_n^2 - 1), so `moments` / 2 products are done.
    """
    z = rng.choice([-1.0, 1.0], size=shape)
    z -= z.mean(axis=0)
    norm = float(np.vdot(z, z))

    def apply(field):
        return (2.0 / scale) * product(field) - field

    out = np.empty(moments)
    older, newer = z, apply(z)
    out[0], out[1] = 1.0, np.vdot(z, newer) / norm
    for n in range(1, (moments + 1) // 2):
        out[2 * n] = 2.0 * np.vdot(newer, newer) / norm - 1.0
        newest = apply(newer)
        newest *= 2.0
        newest -= older
        # Rounding lets the translations grow back as T_n(-1).
        newest -= newest.mean(axis=0)
        if 2 * n + 1 < moments:
            out[2 * n + 1] = 2.0 * np.vdot(newest, newer) / norm - out[1]
        older, newer = newer, newest
    return out


def kernel_polynomial_density(
    expansion,
    edges,
    *,
    rng: np.random.Generator,
    moments: int = 1024,
    random_vectors: int = 8,
    communicator=None,
) -> Density:
    """g(w) without a single mode: Chebyshev moments of M with Jackson's kernel.

    The density of w^2 is expanded in Chebyshev polynomials up to order `moments`, its traces
    estimated with random signs, and integrated exactly over each bin (Weisse et al., Rev. Mod.
    Phys. 78, 275 (2006)). Only M z is needed, streamed over the bonds: memory grows as N, time as
    N x moments x random_vectors / 2. The resolution is about pi w_max^2 / (2 w moments) in w near
    the middle of the spectrum and pi w_max / (2 moments) ~ at both of its ends.

    Parameters
    ----------
    expansion : Expansion
        Gives ``hessian_product`` and ``positions``.
    edges : ndarray, shape=(b + 1,)
        Bin edges in w.
    rng : numpy.random.Generator
        The result depends on it alone: each random vector has a stream spawned from it, so
        neither the number of ranks nor their order matters.
    moments, random_vectors : int
    communicator : mpi4py.MPI.Comm, optional
        Shares the random vectors out over ranks; every rank gets the result.

    Returns
    -------
    Density
        The error is over random vectors.
    """
    shape = expansion.positions.shape
    edges = np.asarray(edges, dtype=float)
    product = expansion.hessian_product
    first, *streams = rng.spawn(random_vectors + 1)
    scale = 1.01 * largest_eigenvalue(product, shape, first)
    rank = 0 if communicator is None else communicator.rank
    ranks = 1 if communicator is None else communicator.size
    mine = {
        k: chebyshev_moments(product, shape, scale, moments, streams[k])
        for k in range(rank, random_vectors, ranks)
    }
    if communicator is not None:
        mine = {k: value for part in communicator.allgather(mine) for k, value in part.items()}
    each = np.array([mine[k] for k in range(random_vectors)])
    cumulative = np.array([_cumulative(row, scale, edges) for row in each])
    densities = np.diff(cumulative, axis=1) / np.diff(edges)
    error = (
        densities.std(axis=0, ddof=1) / np.sqrt(random_vectors)
        if random_vectors > 1
        else np.full(len(edges) - 1, np.nan)
    )
    return Density(0.5 * (edges[1:] + edges[:-1]), densities.mean(axis=0), error, edges)


def jackson_kernel(moments: int) -> np.ndarray:
    """Damping factors of Jackson: a positive density of the least width."""
    n = np.arange(moments)
    angle = np.pi / (moments + 1)
    return ((moments - n + 1) * np.cos(angle * n) + np.sin(angle * n) / np.tan(angle)) / (
        moments + 1
    )


def _cumulative(moments, scale, frequency):
    """Integrated density from zero to each frequency."""
    x = np.clip(2.0 * np.asarray(frequency) ** 2 / scale - 1.0, -1.0, 1.0)
    theta = np.arccos(x)
    n = np.arange(1, len(moments))
    damped = jackson_kernel(len(moments)) * moments
    # int_-1^x T_n / (pi sqrt(1 - x^2)) = -sin(n theta) / (n pi), and (pi - theta) / pi for n = 0.
    return (
        1.0
        - theta / np.pi * damped[0]
        - (2.0 / np.pi * np.sin(np.outer(theta, n)) @ (damped[1:] / n))
    )
