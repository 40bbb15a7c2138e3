"""Contractions of the derivatives of the energy from forces alone, for any potential.

Along a field z the forces F(x + s z) depend on the number s, and

    M z = -F'(0),    U''':zz = -F''(0),    U'''':zzz = -F'''(0).

Central differences over seven equidistant points from -3h to 3h give the first two derivatives with
an error of order h^6 and the third with one of order h^4. The step is stated as the largest
displacement of a particle, h max_i |z_i|. The best step balances truncation against the rounding of
forces over h^3; for the third derivative it is 1e-3 to 5e-3 particle distances. The difference from
the five inner points, which are less accurate by two orders of h, bounds the truncation error
(:meth:`ForceExpansion.errors`). If a pair crosses a cutoff at which the fourth derivative of its
potential jumps (IPL), the third difference contains about 1e-5 of the jump for any step.

With these errors the residual of a solver reaches 1e-5 or less, and the overlap of its mode with
that of the exact derivatives is 1 - 1e-9 or better. Solvers should therefore be given a tolerance
of 1e-5.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

STEP = 2e-3
"""Largest displacement of a particle between two neighbouring points, in units of length."""

_POINTS = np.array([-3, -2, -1, 1, 2, 3])
# weights of central differences (Fornberg, Math. Comput. 51, 699 (1988)); that of the middle
# point is listed separately
_FIRST = np.array([-1.0, 9.0, -45.0, 45.0, -9.0, 1.0]) / 60.0
_SECOND = np.array([2.0, -27.0, 270.0, 270.0, -27.0, 2.0]) / 180.0
_SECOND_MIDDLE = -490.0 / 180.0
_THIRD = np.array([1.0, -8.0, 13.0, -13.0, 8.0, -1.0]) / 8.0
_FIRST_INNER = np.array([0.0, 1.0, -8.0, 8.0, -1.0, 0.0]) / 12.0
_SECOND_INNER = np.array([0.0, -1.0, 16.0, 16.0, -1.0, 0.0]) / 12.0
_SECOND_INNER_MIDDLE = -30.0 / 12.0
_THIRD_INNER = np.array([0.0, -1.0, 2.0, -2.0, 1.0, 0.0]) / 2.0


class ForceExpansion:
    """Derivatives of the energy that the solvers need, from forces alone.

    Parameters
    ----------
    forces : callable
        forces(positions) returns the forces -dU/dr, shape=(N, d), of any potential.
    positions : ndarray, shape=(N, d)
        Inherent structure.
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.
    step : float
        Largest displacement of a particle between two points, in units of length.

    Attributes
    ----------
    evaluations : int
        Number of force evaluations so far.
    rounding : float
        Relative error of kappa, tau and chi, for solvers that compare such values.
    """

    rounding = 1e-5

    def __init__(self, forces, positions, box, *, step: float = STEP):
        self._forces = forces
        self.positions = np.ascontiguousarray(positions, dtype=float)
        self.box = np.asarray(box, dtype=float)
        self.step = float(step)
        self.evaluations = 1
        self._middle = np.array(forces(self.positions), dtype=float)

    @property
    def particles(self) -> int:
        """Number of particles N."""
        return self.positions.shape[0]

    @property
    def dimension(self) -> int:
        """Space dimension d."""
        return self.positions.shape[1]

    @property
    def max_force(self) -> float:
        """Largest force on a particle, max_i |F_i|."""
        return float(np.sqrt((self._middle**2).sum(axis=1).max()))

    def _along(self, z):
        """Step h, and the forces at the six outer points along a field."""
        z = np.asarray(z, dtype=float).reshape(self.positions.shape)
        largest = np.sqrt((z**2).sum(axis=1).max())
        if not largest > 0.0:
            raise ValueError("a field that moves no particle has no direction")
        h = self.step / largest
        forces = np.stack([self._forces(self.positions + p * h * z) for p in _POINTS])
        self.evaluations += len(_POINTS)
        return h, forces

    def contractions(self, z, *, cubic=True, quartic=True):
        """M z, U''':zz and U'''':zzz of a field, shape=(N, d) each.

        Parameters
        ----------
        z : ndarray, shape=(N, d)
        cubic, quartic : bool
            Whether U''':zz and U'''':zzz are computed; None takes the place of one that is not.

        Raises
        ------
        ValueError
            If the field is zero.
        """
        h, forces = self._along(z)
        second = np.tensordot(_SECOND, forces, 1) + _SECOND_MIDDLE * self._middle
        return (
            np.tensordot(_FIRST, forces, 1) / -h,
            second / -(h**2) if cubic else None,
            np.tensordot(_THIRD, forces, 1) / -(h**3) if quartic else None,
        )

    def errors(self, z) -> tuple[float, float, float]:
        """Bounds on the relative truncation errors of M z, U''':zz and U'''':zzz.

        They are the differences between the derivatives from seven points and from the five inner
        ones; seven points are more accurate by two orders of h.
        """
        h, forces = self._along(z)
        pairs = (
            (np.tensordot(_FIRST, forces, 1), np.tensordot(_FIRST_INNER, forces, 1)),
            (
                np.tensordot(_SECOND, forces, 1) + _SECOND_MIDDLE * self._middle,
                np.tensordot(_SECOND_INNER, forces, 1) + _SECOND_INNER_MIDDLE * self._middle,
            ),
            (np.tensordot(_THIRD, forces, 1), np.tensordot(_THIRD_INNER, forces, 1)),
        )
        return tuple(float(np.linalg.norm(a - b) / np.linalg.norm(a)) for a, b in pairs)

    def hessian_product(self, z) -> np.ndarray:
        """Product M z of the Hessian and a field, shape=(N, d)."""
        return self.contractions(z, cubic=False, quartic=False)[0]

    def forms(self, z) -> tuple[float, float, float]:
        """kappa = M:zz, tau = U''':zzz and chi = U'''':zzzz of a field z, shape=(N, d)."""
        return tuple(float(np.vdot(z, part)) for part in self.contractions(z))

    def hessian(self) -> sparse.csr_matrix:
        """Hessian M, symmetrised, shape=(d N, d N); row d*i + a belongs to axis a of particle i.

        Each of the d N columns takes six force evaluations.
        """
        size = self.positions.size
        matrix = np.empty((size, size))
        for column in range(size):
            unit = np.zeros(size)
            unit[column] = 1.0
            matrix[:, column] = self.hessian_product(unit).ravel()
        matrix = 0.5 * (matrix + matrix.T)
        # drop the rounding errors between particles that do not interact
        matrix[np.abs(matrix) < 1e-12 * np.abs(matrix).max()] = 0.0
        return sparse.csr_matrix(matrix)
