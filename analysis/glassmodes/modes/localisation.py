"""What a single mode looks like: participation ratio and phonon order parameter."""

from __future__ import annotations

import numpy as np

from glassmodes.mechanics.debye import debye_wave_number

_MANY = 16_000
"""Particles from which a non-uniform fast Fourier transform is faster than the sums themselves."""

_TRANSFORM_ERROR = 1e-10
"""Of that transform, relative to the norm of what is transformed."""


def participation_ratio(vectors) -> np.ndarray:
    """P_k = [sum_i e_i.e_i]^2 / (N sum_i (e_i.e_i)^2).

    1 if all particles move equally, 2/3 for a plane wave, 1/N for a single particle
    (Mizuno et al. 2020 [anharmonic], Eq. 4).

    Parameters
    ----------
    vectors : ndarray, shape=(n, N, d) or (N, d)

    Returns
    -------
    ndarray, shape=(n,) or ()
    """
    vectors = np.asarray(vectors)
    squares = np.einsum("...ia,...ia->...i", vectors, vectors)
    return squares.sum(axis=-1) ** 2 / (squares.shape[-1] * (squares**2).sum(axis=-1))


def wave_vectors(box, cut: float) -> np.ndarray:
    """Half of the wave vectors q = 2 pi n / L with 0 < |q| <= cut: one of each pair +q, -q.

    Parameters
    ----------
    box : ndarray, shape=(d,)
    cut : float

    Returns
    -------
    ndarray, shape=(n_q, d)
        By length.
    """
    unit = 2.0 * np.pi / np.asarray(box, dtype=float)
    reach = [np.arange(-int(cut // u), int(cut // u) + 1) for u in unit]
    grid = np.stack(np.meshgrid(*reach, indexing="ij"), axis=-1).reshape(-1, len(unit))
    first = np.zeros(len(grid), dtype=int)
    for axis in range(len(unit) - 1, -1, -1):
        first = np.where(grid[:, axis] != 0, np.sign(grid[:, axis]), first)
    waves = grid[first > 0] * unit
    length = np.linalg.norm(waves, axis=1)
    waves, length = waves[length <= cut * (1 + 1e-12)], length[length <= cut * (1 + 1e-12)]
    return waves[np.argsort(length, kind="stable")]


def polarisations(wave) -> np.ndarray:
    """q/|q| and d - 1 orthonormal directions across it.

    The two transverse directions of 3D are a choice that O_k, with its threshold for each of
    them, can feel; here they are the Gram-Schmidt remainders of the axes least along q, in order.

    Parameters
    ----------
    wave : ndarray, shape=(d,)

    Returns
    -------
    ndarray, shape=(d, d)
        Rows L, T_1, ...
    """
    longitudinal = wave / np.linalg.norm(wave)
    rows = [longitudinal]
    for axis in np.argsort(np.abs(longitudinal), kind="stable"):
        direction = np.zeros(len(wave))
        direction[axis] = 1.0
        for row in rows:
            direction -= (row @ direction) * row
        norm = np.linalg.norm(direction)
        if len(rows) < len(wave) and norm > 1e-8:
            rows.append(direction / norm)
    return np.array(rows)


def phonon_order(
    vectors,
    positions,
    box,
    *,
    threshold: float = 100.0,
    wave_vector_cut: float | None = None,
    panel: int = 256,
) -> np.ndarray:
    """Phonon order parameter O_k (Mizuno et al. 2020 [anharmonic], Eq. 3).

    O_k = sum of O_k^{q,a} over q of both signs and polarisations a = L, T_1, T_2 for which
    O_k^{q,a} = |sum_i s_a . e_i exp(-i q.r_i)|^2 / N >= N_m / (d N - d), N_m = 100.
    A standing plane wave has 1/2 at +q and at -q, so O_k = 1. As e is real, O^{-q,a} = O^{q,a}:
    half of the q are computed and counted twice: by matrix products in small systems, by one
    non-uniform fast Fourier transform of each field in large ones.

    Parameters
    ----------
    vectors : ndarray, shape=(n, N, d)
        Unit norm.
    positions : ndarray, shape=(N, d)
    box : ndarray, shape=(d,)
    threshold : float
        N_m.
    wave_vector_cut : float, optional
        Largest |q|; by default the Debye wave number, which counts N waves per polarisation.
    panel : int
        Wave vectors per block of the matrix product.

    Returns
    -------
    ndarray, shape=(n,)
    """
    vectors = np.asarray(vectors, dtype=float)
    count, particles, d = vectors.shape
    box = np.asarray(box, dtype=float)
    if wave_vector_cut is None:
        wave_vector_cut = debye_wave_number(particles / np.prod(box), d)
    smallest = threshold / (d * particles - d)
    waves = wave_vectors(box, wave_vector_cut)
    out = np.zeros(count)
    if smallest > 0.5 or not len(waves):
        # |O^q| + |O^-q| <= 1 for one polarisation: no wave can pass the threshold.
        return out
    if particles >= _MANY and d < 4:
        return _order_by_fourier_transform(vectors, positions, box, waves, smallest)
    # Axes in front, so that each panel is one real matrix product over particles.
    fields = np.ascontiguousarray(vectors.transpose(2, 0, 1)).reshape(d * count, particles)
    for start in range(0, len(waves), panel):
        block = waves[start : start + panel]
        phase = positions @ block.T
        cosine = (fields @ np.cos(phase)).reshape(d, count, len(block))
        sine = (fields @ np.sin(phase)).reshape(d, count, len(block))
        directions = np.array([polarisations(wave) for wave in block])
        for a in range(d):
            along = directions[:, a].T[:, None, :]
            weight = ((cosine * along).sum(axis=0)) ** 2 + ((sine * along).sum(axis=0)) ** 2
            weight /= particles
            weight[weight < smallest] = 0.0
            out += 2.0 * weight.sum(axis=1)
    return out


def _order_by_fourier_transform(vectors, positions, box, waves, smallest) -> np.ndarray:
    """O_k with all wave vectors at once: N log N for each mode instead of N^2."""
    # Its OpenMP runtime stays out of processes that bring others, of LAMMPS or MKL.
    import finufft

    count, particles, d = vectors.shape
    number = np.rint(waves * box / (2.0 * np.pi)).astype(np.int64)
    reach = np.abs(number).max(axis=0)
    ahead, back = tuple((reach + number).T), tuple((reach - number).T)
    directions = np.array([polarisations(wave) for wave in waves])
    transform = finufft.Plan(
        1, tuple(2 * reach + 1), eps=_TRANSFORM_ERROR, isign=-1, nthreads=1, dtype="complex128"
    )
    transform.setpts(*np.ascontiguousarray((2.0 * np.pi * (positions / box % 1.0)).T))
    out = np.zeros(count)
    for first in range(0, count, 2):
        # Two real fields in one complex one: F(q) = F_1(q) + i F_2(q).
        pair = vectors[first : first + 2]
        packed = pair[0] + 1j * (pair[1] if len(pair) == 2 else 0.0)
        amplitude = np.empty((2, d, len(waves)), dtype=complex)
        for axis in range(d):
            grid = transform.execute(np.ascontiguousarray(packed[:, axis]))
            forth, mirrored = grid[ahead], grid[back].conj()
            amplitude[0, axis] = 0.5 * (forth + mirrored)
            amplitude[1, axis] = -0.5j * (forth - mirrored)
        for mode in range(len(pair)):
            along = np.einsum("qab,bq->qa", directions, amplitude[mode])
            weight = (along.real**2 + along.imag**2) / particles
            weight[weight < smallest] = 0.0
            out[first + mode] = 2.0 * weight.sum()
    return out
