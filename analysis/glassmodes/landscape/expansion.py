"""Derivatives of the energy at one configuration, up to the fourth."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse

from glassmodes.landscape import kernels
from glassmodes.models.potentials import POWERS

_POWERS = np.array(POWERS, dtype=float)


class Expansion:
    """Taylor expansion of the energy U(r) around one configuration, to fourth order.

    The radial derivatives of every pair are computed once and used by all contractions. A field z
    is an array of the shape of the positions, (N, d). Masses are one, so that the Hessian M =
    d2U/dr dr equals the dynamical matrix, and its eigenvalues are squared frequencies. The
    contractions are Eq. C2 of Kapteijns, Richard and Lerner, arXiv:1912.10930 (2020), and its
    analogues of lower order (:mod:`glassmodes.landscape.kernels`).

    Parameters
    ----------
    potential : PairPotential
        Potential of every pair.
    positions : array_like, shape=(N, d)
        Positions, inside the box or not.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.
    first, second : ndarray, shape=(Q,), dtype=int32
        Candidate pairs, first < second, ascending; those out of range are dropped.
    pair_diameter : ndarray, shape=(Q,)
        Diameter of each candidate pair.

    Attributes
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
    box : ndarray, shape=(d,), dtype=float64
    first, second : ndarray, shape=(P,), dtype=int32
        The P interacting pairs, first < second.
    separation : ndarray, shape=(P, d), dtype=float64
        r_first - r_second by the minimum image convention.
    distance, pair_diameter : ndarray, shape=(P,), dtype=float64
        Length of the separation, and diameter of the pair.
    bond_coefficients : ndarray, shape=(5, P), dtype=float64
        phi and B_1, ..., B_4 of each pair, B_k = ((1/r) d/dr)^k phi.
    rounding : float
        Relative rounding error of kappa, tau and chi, for solvers that compare such values.
    """

    rounding = 1e-12

    def __init__(self, potential, positions, box, first, second, pair_diameter):
        self.potential = potential
        self.positions = np.ascontiguousarray(positions, dtype=float)
        self.box = np.asarray(box, dtype=float)
        self._box = tuple(float(edge) for edge in self.box)
        separation, distance = kernels.separations(self.positions, self._box, first, second)
        inside = distance < potential.cutoff * pair_diameter
        self.first = np.ascontiguousarray(first[inside])
        self.second = np.ascontiguousarray(second[inside])
        self.separation = np.ascontiguousarray(separation[inside])
        self.distance = distance[inside]
        self.pair_diameter = pair_diameter[inside]
        self.bond_coefficients = kernels.bond_coefficients(
            self.distance, self.pair_diameter, _POWERS, potential.laurent
        )

    @property
    def particles(self) -> int:
        """Number of particles N."""
        return self.positions.shape[0]

    @property
    def dimension(self) -> int:
        """Space dimension d."""
        return self.positions.shape[1]

    @property
    def pairs(self) -> int:
        """Number of interacting pairs P."""
        return len(self.first)

    @property
    def _bonds(self):
        """Box and pairs, as the kernels take them."""
        return self._box, self.first, self.second, self.separation

    def _field(self, z):
        """A field as a contiguous array of the shape of the positions."""
        z = np.ascontiguousarray(z, dtype=float)
        if z.shape != self.positions.shape:
            if z.size != self.positions.size:
                raise ValueError(f"a field of shape {z.shape}; expected {self.positions.shape}")
            z = z.reshape(self.positions.shape)
        return z

    def without_rattlers(self) -> tuple[Expansion, np.ndarray]:
        """Expansion of the particles that interact with at least one other.

        A particle without neighbours is a rattler: its d zero modes are not vibrations. (In a
        minimum of short-ranged repulsive particles none has between 1 and d neighbours.)

        Returns
        -------
        expansion : Expansion
            This object itself if there are no rattlers.
        kept : ndarray, shape=(N,), dtype=bool
            Particles that the expansion contains.
        """
        kept = np.zeros(self.particles, dtype=bool)
        kept[self.first] = kept[self.second] = True
        if kept.all():
            return self, kept
        index = np.cumsum(kept, dtype=np.int32) - 1
        rest = Expansion(
            self.potential,
            self.positions[kept],
            self.box,
            index[self.first],
            index[self.second],
            self.pair_diameter,
        )
        return rest, kept

    @cached_property
    def derivatives(self) -> np.ndarray:
        """phi, phi', phi'', phi''' and phi'''' with respect to r of each pair, shape=(5, P)."""
        orders = np.arange(5)[:, None]
        scaled = self.potential.derivatives(self.distance / self.pair_diameter)
        return scaled / self.pair_diameter**orders

    @cached_property
    def energy(self) -> float:
        """Total potential energy U."""
        return float(self.bond_coefficients[0].sum())

    @cached_property
    def forces(self) -> np.ndarray:
        """Forces -dU/dr, shape=(N, d)."""
        out = np.zeros_like(self.positions)
        kernels.scatter_forces(*self._bonds, self.bond_coefficients[1], out)
        return out

    @property
    def max_force(self) -> float:
        """Largest force on a particle, max_i |F_i|."""
        return float(np.sqrt((self.forces**2).sum(axis=1).max()))

    @cached_property
    def directed_bonds(self):
        """Full neighbour list of the pairs.

        Returns
        -------
        starts : ndarray, shape=(N + 1,), dtype=int64
            Entries of particle i are starts[i] to starts[i + 1].
        neighbour : ndarray, shape=(2 P,), dtype=int32
            The other particle of each entry, ascending for each particle.
        bond : ndarray, shape=(2 P,), dtype=int64
            The pair that each entry stands for.
        """
        return kernels.directed_bonds(self.particles, self.first, self.second)

    def block_rows(self, bond_matrices, start=0, stop=None):
        """Block rows of the matrix whose quadratic form is sum_bonds z_ij . T . z_ij.

        Parameters
        ----------
        bond_matrices : ndarray, shape=(P, d, d)
            Matrix T of each pair.
        start, stop : int
            Range of particles whose rows are returned; all by default.

        Returns
        -------
        indptr, indices, blocks : ndarray
            Block compressed rows with blocks of d x d; columns ascend within a row.
        """
        stop = self.particles if stop is None else stop
        return kernels.bond_matrix_rows(
            self._box, start, stop, *self.directed_bonds, np.ascontiguousarray(bond_matrices)
        )

    @cached_property
    def _hessian_bonds(self):
        """Matrix T of each pair for which sum_bonds z_ij . T . z_ij = z.M.z, shape=(P, d, d)."""
        _, b1, b2, _, _ = self.bond_coefficients
        outer = self.separation[:, :, None] * self.separation[:, None, :]
        return b2[:, None, None] * outer + b1[:, None, None] * np.eye(self.dimension)

    def hessian_rows(self, start, stop) -> sparse.csr_matrix:
        """Rows of the Hessian for a range of particles, shape=(d (stop - start), d N).

        Parameters
        ----------
        start, stop : int
            Range of particles, without `stop`.
        """
        d = self.dimension
        indptr, indices, blocks = self.block_rows(self._hessian_bonds, start, stop)
        shape = (d * (stop - start), d * self.particles)
        return sparse.bsr_matrix((blocks, indices, indptr), shape=shape).tocsr()

    def hessian(self) -> sparse.csr_matrix:
        """Hessian M = d2U/dr dr, shape=(d N, d N); row d*i + a belongs to axis a of particle i."""
        return self.hessian_rows(0, self.particles)

    def hessian_product(self, z) -> np.ndarray:
        """Product M z of the Hessian and a field, without the matrix, shape=(N, d)."""
        z = self._field(z)
        out = np.zeros_like(z)
        _, b1, b2, _, _ = self.bond_coefficients
        kernels.hessian_product(*self._bonds, b1, b2, z, out)
        return out

    def forms(self, z) -> tuple[float, float, float]:
        """kappa = M:zz, tau = U''':zzz and chi = U'''':zzzz of a field z, shape=(N, d)."""
        return kernels.forms(*self._bonds, *self.bond_coefficients[1:], self._field(z))

    def cubic_form(self, z) -> float:
        """tau = U''':zzz of a field z, shape=(N, d)."""
        return self.forms(z)[1]

    def cubic_contraction(self, u, v=None) -> np.ndarray:
        """Contraction U''':uv of the third derivatives with two fields, shape=(N, d).

        Parameters
        ----------
        u : ndarray, shape=(N, d)
        v : ndarray, shape=(N, d), optional
            Equal to u by default.
        """
        u = self._field(u)
        out = np.zeros_like(u)
        _, _, b2, b3, _ = self.bond_coefficients
        kernels.cubic_contraction(*self._bonds, b2, b3, u, u if v is None else self._field(v), out)
        return out

    def quartic_contraction(self, z) -> np.ndarray:
        """Contraction U'''':zzz of the fourth derivatives with a field, shape=(N, d)."""
        z = self._field(z)
        out = np.zeros_like(z)
        kernels.quartic_contraction(*self._bonds, *self.bond_coefficients[2:], z, out)
        return out

    def contractions(self, z, *, cubic=True, quartic=True):
        """M z, U''':zz and U'''':zzz of a field in one pass over the pairs.

        Parameters
        ----------
        z : ndarray, shape=(N, d)
        cubic, quartic : bool
            Whether U''':zz and U'''':zzz are computed.

        Returns
        -------
        tuple of three ndarray, shape=(N, d)
            None in the place of a contraction that is not computed.
        """
        z = self._field(z)
        out = (
            np.zeros_like(z),
            np.zeros_like(z) if cubic else None,
            np.zeros_like(z) if quartic else None,
        )
        kernels.contractions(*self._bonds, *self.bond_coefficients[1:], z, *out)
        return out

    def pair_quartic_contraction(self, z) -> np.ndarray:
        """sum_j (z_ij.z_ij) z_ij over the interacting pairs of each particle i, shape=(N, d).

        It is a quarter of the gradient of sum_pairs (z_ij.z_ij)^2 with respect to z.
        """
        z = self._field(z)
        out = np.zeros_like(z)
        kernels.pair_quartic_contraction(self._box, self.first, self.second, z, out)
        return out
