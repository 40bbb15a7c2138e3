"""Derivatives of the energy at one configuration."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from scipy import sparse

from glassmodes.landscape import kernels
from glassmodes.models.potentials import POWERS

_POWERS = np.array(POWERS, dtype=float)


class Expansion:
    """Taylor expansion of the energy U(r) around one configuration, to fourth order.

    The bond coefficients are computed once; every contraction streams them. Fields z have the
    shape of the positions, (N, d). Masses are one, so the Hessian is the dynamical matrix.

    Attributes
    ----------
    positions : ndarray, shape=(N, d)
    box : ndarray, shape=(d,)
    first, second : ndarray, shape=(P,), dtype=int32
        Interacting pairs, first < second.
    separation : ndarray, shape=(P, d)
        r_first - r_second, minimum image.
    distance, pair_diameter : ndarray, shape=(P,)
    bond_coefficients : ndarray, shape=(5, P)
        phi, B_1 ... B_4 with B_k = ((1/r) d/dr)^k phi.
    rounding : float
        Relative error of the forms, for solvers that compare them.
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
        return self.positions.shape[0]

    @property
    def dimension(self) -> int:
        return self.positions.shape[1]

    @property
    def pairs(self) -> int:
        return len(self.first)

    @property
    def _bonds(self):
        return self._box, self.first, self.second, self.separation

    def _field(self, z):
        z = np.ascontiguousarray(z, dtype=float)
        if z.shape != self.positions.shape:
            if z.size != self.positions.size:
                raise ValueError(f"a field of shape {z.shape}; expected {self.positions.shape}")
            z = z.reshape(self.positions.shape)
        return z

    def without_rattlers(self) -> tuple[Expansion, np.ndarray]:
        """The particles that have neighbours, on their own.

        In a minimum of short-ranged repulsive particles nothing has one to d contacts: a particle
        without any is a rattler, whose d zero modes are no vibrations.

        Returns
        -------
        expansion : Expansion
            Itself where there are no rattlers.
        kept : ndarray, shape=(N,), bool
            Particles that are in it.
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
        """phi, phi', phi'', phi''', phi'''' with respect to r of every pair, shape=(5, P)."""
        orders = np.arange(5)[:, None]
        scaled = self.potential.derivatives(self.distance / self.pair_diameter)
        return scaled / self.pair_diameter**orders

    @cached_property
    def energy(self) -> float:
        """Total potential energy."""
        return float(self.bond_coefficients[0].sum())

    @cached_property
    def forces(self) -> np.ndarray:
        """-dU/dr, shape=(N, d)."""
        out = np.zeros_like(self.positions)
        kernels.scatter_forces(*self._bonds, self.bond_coefficients[1], out)
        return out

    @property
    def max_force(self) -> float:
        """Largest force on a particle, max_i |F_i|."""
        return float(np.sqrt((self.forces**2).sum(axis=1).max()))

    @cached_property
    def directed_bonds(self):
        """Full neighbour table: starts (N+1,), neighbour (2P,), bond (2P,)."""
        return kernels.directed_bonds(self.particles, self.first, self.second)

    def block_rows(self, bond_matrices, start=0, stop=None):
        """Block rows of the matrix of the form sum_bonds z_ij . T . z_ij.

        Parameters
        ----------
        bond_matrices : ndarray, shape=(P, d, d)
            T of every bond.
        start, stop : int
            Range of particles.

        Returns
        -------
        indptr, indices, blocks
            Block compressed rows of d x d blocks, columns ascending.
        """
        stop = self.particles if stop is None else stop
        return kernels.bond_matrix_rows(
            self._box, start, stop, *self.directed_bonds, np.ascontiguousarray(bond_matrices)
        )

    @cached_property
    def _hessian_bonds(self):
        _, b1, b2, _, _ = self.bond_coefficients
        outer = self.separation[:, :, None] * self.separation[:, None, :]
        return b2[:, None, None] * outer + b1[:, None, None] * np.eye(self.dimension)

    def hessian_rows(self, start, stop) -> sparse.csr_matrix:
        """Rows of the Hessian for particles start to stop, shape=(d (stop-start), d N)."""
        d = self.dimension
        indptr, indices, blocks = self.block_rows(self._hessian_bonds, start, stop)
        shape = (d * (stop - start), d * self.particles)
        return sparse.bsr_matrix((blocks, indices, indptr), shape=shape).tocsr()

    def hessian(self) -> sparse.csr_matrix:
        """Second derivatives M, shape=(d N, d N); row d*i + a is particle i, axis a."""
        return self.hessian_rows(0, self.particles)

    def hessian_product(self, z) -> np.ndarray:
        """M z without a matrix, shape=(N, d)."""
        z = self._field(z)
        out = np.zeros_like(z)
        _, b1, b2, _, _ = self.bond_coefficients
        kernels.hessian_product(*self._bonds, b1, b2, z, out)
        return out

    def forms(self, z) -> tuple[float, float, float]:
        """kappa = M:zz, tau = U''':zzz and chi = U'''':zzzz in one pass over the pairs."""
        return kernels.forms(*self._bonds, *self.bond_coefficients[1:], self._field(z))

    def cubic_form(self, z) -> float:
        """tau = U''':zzz."""
        return self.forms(z)[1]

    def quartic_form(self, z) -> float:
        """chi = U'''':zzzz."""
        return self.forms(z)[2]

    def cubic_contraction(self, u, v=None) -> np.ndarray:
        """U''':uv (U''':uu if v is left out), shape=(N, d)."""
        u = self._field(u)
        out = np.zeros_like(u)
        _, _, b2, b3, _ = self.bond_coefficients
        kernels.cubic_contraction(*self._bonds, b2, b3, u, u if v is None else self._field(v), out)
        return out

    def quartic_contraction(self, z) -> np.ndarray:
        """U'''':zzz, shape=(N, d)."""
        z = self._field(z)
        out = np.zeros_like(z)
        kernels.quartic_contraction(*self._bonds, *self.bond_coefficients[2:], z, out)
        return out

    def contractions(self, z, *, cubic=True, quartic=True):
        """M z, U''':zz and U'''':zzz in one pass over the pairs.

        Parameters
        ----------
        z : ndarray, shape=(N, d)
        cubic, quartic : bool
            Whether U''':zz and U'''':zzz are wanted; None stands for what is not.

        Returns
        -------
        tuple of ndarray, shape=(N, d)
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
        """sum_j (z_ij.z_ij) z_ij over interacting pairs, shape=(N, d).

        A quarter of the gradient of the sum over pairs of (z_ij.z_ij)^2.
        """
        z = self._field(z)
        out = np.zeros_like(z)
        kernels.pair_quartic_contraction(self._box, self.first, self.second, z, out)
        return out
