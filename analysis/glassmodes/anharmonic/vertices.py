"""Third-order vertices: the third derivatives of the energy, contracted with one mode.

The vertex V_klm = U''' : e^k e^l e^m (Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements,
Eqs 11 and 12) of all triples of modes is too large to store. For one mode k, the derivative of the
Hessian along e^k,

    H^k = U''' . e^k,    V_klm = e^l . H^k e^m,

is a sparse matrix with the sparsity of the Hessian. For a pair potential the block of one bond is

    T = B_3 (x.u) x x^T + B_2 [(x.u) 1 + x u^T + u x^T],   x = r_i - r_j,  u = e^k_i - e^k_j,

where A = B_3 r^3 and B = B_2 r in the notation of that paper. Both classes below return H^k for a
batch of modes as dense strips, one for each particle, which are laid out so that the product with
many columns is a dense matrix product (:mod:`glassmodes.anharmonic.decay_rates`). Masses are one
and modes have unit norm.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from glassmodes.landscape import kernels


def spatial_order(positions, box, cells_per_edge=8) -> np.ndarray:
    """Order of the particles along a Morton curve, so that neighbours in space are close in memory.

    Parameters
    ----------
    positions : ndarray, shape=(N, d)
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.
    cells_per_edge : int
        Resolution of the curve.

    Returns
    -------
    ndarray, shape=(N,), dtype=int64
    """
    fraction = positions / box - np.floor(positions / box)
    cell = np.minimum((fraction * cells_per_edge).astype(np.int64), cells_per_edge - 1)
    key = np.zeros(len(positions), dtype=np.int64)
    d = positions.shape[1]
    for bit in range(int(cells_per_edge).bit_length()):
        for axis in range(d):
            key |= ((cell[:, axis] >> bit) & 1) << (bit * d + axis)
    return np.argsort(key, kind="stable")


@njit(cache=True, fastmath=True)
def _pair_strips(starts, neighbour, bond, first, separation, b2, b3, fields, strips):
    """Strips of H^k: rows (mode, axis) of particle i, columns the axes of its neighbours and it."""
    modes, n, d = fields.shape
    matrix = np.empty((d, d))
    diagonal = np.empty((d, d))
    for i in range(n):
        count = starts[i + 1] - starts[i]
        width = (count + 1) * d
        base = modes * d * d * (starts[i] + i)
        for k in range(modes):
            diagonal[:] = 0.0
            for slot in range(count):
                j = neighbour[starts[i] + slot]
                b = bond[starts[i] + slot]
                sign = 1.0 if first[b] == i else -1.0
                xu = 0.0
                for a in range(d):
                    xu += sign * separation[b, a] * (fields[k, i, a] - fields[k, j, a])
                for a in range(d):
                    for c in range(d):
                        matrix[a, c] = b3[b] * xu * separation[b, a] * separation[b, c] + b2[
                            b
                        ] * sign * (
                            separation[b, a] * (fields[k, i, c] - fields[k, j, c])
                            + separation[b, c] * (fields[k, i, a] - fields[k, j, a])
                        )
                    matrix[a, a] += b2[b] * xu
                for a in range(d):
                    row = base + (k * d + a) * width + slot * d
                    for c in range(d):
                        strips[row + c] = -matrix[a, c]
                        diagonal[a, c] += matrix[a, c]
            for a in range(d):
                row = base + (k * d + a) * width + count * d
                for c in range(d):
                    strips[row + c] = diagonal[a, c]


class PairVertices:
    """Third-order vertices of a pair potential at one configuration.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at the inherent structure.

    Attributes
    ----------
    order : ndarray, shape=(N,)
        Particle at each place of the strips (sorted in space).
    starts : ndarray, shape=(N + 1,)
        Range of `columns` for each place.
    columns : ndarray
        For each place, the places that its strip multiplies: its neighbours, then itself.
    """

    def __init__(self, expansion):
        self.dimension = expansion.dimension
        self.particles = expansion.particles
        self.order = spatial_order(expansion.positions, expansion.box)
        rank = np.empty_like(self.order)
        rank[self.order] = np.arange(self.particles)
        one, two = rank[expansion.first], rank[expansion.second]
        swap = one > two
        first, second = np.where(swap, two, one), np.where(swap, one, two)
        separation = np.where(swap[:, None], -expansion.separation, expansion.separation)
        by_row = np.lexsort((second, first))
        self._first = first[by_row].astype(np.int32)
        self._separation = np.ascontiguousarray(separation[by_row])
        self._b2 = expansion.bond_coefficients[2][by_row]
        self._b3 = expansion.bond_coefficients[3][by_row]
        self._starts, self._neighbour, self._bond = kernels.directed_bonds(
            self.particles, self._first, second[by_row].astype(np.int32)
        )
        self.starts = self._starts + np.arange(self.particles + 1)
        self.columns = np.insert(
            self._neighbour, self._starts[1:], np.arange(self.particles, dtype=np.int32)
        )

    def strips(self, fields, dtype) -> np.ndarray:
        """Strips of H^k for a batch of modes.

        Parameters
        ----------
        fields : ndarray, shape=(A, N, d)
            Modes, with particles in the order of :attr:`order`.
        dtype : dtype
            Precision of the strips.

        Returns
        -------
        ndarray, shape=(A d d len(columns),)
            The strip of place i is a matrix of shape (A d, d m_i), with m_i its number of columns,
            and begins at ``A d d starts[i]``.
        """
        fields = np.ascontiguousarray(fields, dtype=float)
        out = np.empty(len(fields) * self.dimension**2 * len(self.columns), dtype=dtype)
        _pair_strips(
            self._starts,
            self._neighbour,
            self._bond,
            self._first,
            self._separation,
            self._b2,
            self._b3,
            fields,
            out,
        )
        return out


@njit(cache=True, fastmath=True)
def _tensor_strips(starts, slots, rows, third, blocks, fields, strips):
    """Strips of H^k from blocks of third-order force constants, laid out as in `_pair_strips`."""
    modes, _, d = fields.shape
    for t in range(len(rows)):
        i = rows[t]
        width = (starts[i + 1] - starts[i]) * d
        base = modes * d * d * starts[i]
        for k in range(modes):
            for a in range(d):
                row = base + (k * d + a) * width + slots[t] * d
                for c in range(d):
                    value = 0.0
                    for e in range(d):
                        value += blocks[t, a, c, e] * fields[k, third[t], e]
                    strips[row + c] += value


class ForceConstantVertices:
    """Third-order vertices of any potential, from its third-order force constants.

    Parameters
    ----------
    indices : ndarray, shape=(T, 3), dtype=int
        Particles i, j, k of each block; all permutations of a triple must be present.
    blocks : ndarray, shape=(T, d, d, d)
        d3U / dr_i dr_j dr_k by axis, divided by the square roots of the masses if these are not
        one.
    particles : int
        Number of particles N.

    Attributes
    ----------
    order, starts, columns : ndarray
        As of :class:`PairVertices`, without sorting.
    """

    def __init__(self, indices, blocks, particles):
        self.particles = particles
        self.dimension = blocks.shape[1]
        self.order = np.arange(particles)
        by_row = np.lexsort((indices[:, 2], indices[:, 1], indices[:, 0]))
        indices = np.asarray(indices)[by_row]
        self._blocks = np.ascontiguousarray(np.asarray(blocks, dtype=float)[by_row])
        self._rows = np.ascontiguousarray(indices[:, 0])
        self._third = np.ascontiguousarray(indices[:, 2])
        pairs, inverse = np.unique(
            indices[:, 0].astype(np.int64) * particles + indices[:, 1], return_inverse=True
        )
        self.columns = (pairs % particles).astype(np.int32)
        self.starts = np.searchsorted(pairs // particles, np.arange(particles + 1)).astype(np.int64)
        self._slots = inverse.ravel() - self.starts[self._rows]

    def strips(self, fields, dtype) -> np.ndarray:
        """Strips of H^k for a batch of modes, as :meth:`PairVertices.strips`."""
        fields = np.ascontiguousarray(fields, dtype=float)
        out = np.zeros(len(fields) * self.dimension**2 * len(self.columns), dtype=dtype)
        _tensor_strips(self.starts, self._slots, self._rows, self._third, self._blocks, fields, out)
        return out
