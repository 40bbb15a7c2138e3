"""Contractions of the energy's derivatives from forces alone, for potentials without formulas.

Along a field z the forces F(x + s z) are a function of one number s, and

    M z = -F'(0),    U''':zz = -F''(0),    U'''':zzz = -F'''(0).

Seven equidistant points -3h ... 3h give the first two with an error of order h^6, the third with
one of order h^4. The step is told as the largest displacement of a particle, h max_i |z_i|:
rounding of the forces divided by h^3 against truncation makes 1e-3 to 5e-3 interparticle
distances the best choice for the third. The difference from the five inner points, which are two
orders less exact, bounds the truncation; :meth:`ForceExpansion.errors` tells it. Where a pair
crosses a cutoff at which the fourth derivative of its potential jumps (IPL), the third difference
sees a part of the jump, 1e-5 of the whole or so, whatever the step.

With these errors the residual of a solver ends at 1e-5 or below, its mode at an overlap of
1 - 1e-9 or better with that of the exact derivatives: ask for a tolerance of 1e-5.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

STEP = 2e-3
"""Largest displacement of a particle between neighbouring points, in units of length."""

_POINTS = np.array([-3, -2, -1, 1, 2, 3])
# central differences (Fornberg, Math. Comput. 51, 699 (1988)); the middle point is apart
_FIRST = np.array([-1.0, 9.0, -45.0, 45.0, -9.0, 1.0]) / 60.0
_SECOND = np.array([2.0, -27.0, 270.0, 270.0, -27.0, 2.0]) / 180.0
_SECOND_MIDDLE = -490.0 / 180.0
_THIRD = np.array([1.0, -8.0, 13.0, -13.0, 8.0, -1.0]) / 8.0
_FIRST_INNER = np.array([0.0, 1.0, -8.0, 8.0, -1.0, 0.0]) / 12.0
_SECOND_INNER = np.array([0.0, -1.0, 16.0, 16.0, -1.0, 0.0]) / 12.0
_SECOND_INNER_MIDDLE = -30.0 / 12.0
_THIRD_INNER = np.array([0.0, -1.0, 2.0, -2.0, 1.0, 0.0]) / 2.0


class ForceExpansion:
    """What the solvers ask of an expansion, from forces alone.

    Parameters
    ----------
    forces : callable
        forces(positions) -> ndarray, shape=(N, d), of any potential.
    positions : ndarray, shape=(N, d)
    box : ndarray, shape=(d,)
    step : float
        See the module.

    Attributes
    ----------
    evaluations : int
        Force evaluations so far.
    rounding : float
        Relative error of the forms, for solvers that compare them.
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
        return self.positions.shape[0]

    @property
    def dimension(self) -> int:
        return self.positions.shape[1]

    @property
    def max_force(self) -> float:
        """Largest force on a particle, max_i |F_i|."""
        return float(np.sqrt((self._middle**2).sum(axis=1).max()))

    def _along(self, z):
        z = np.asarray(z, dtype=float).reshape(self.positions.shape)
        largest = np.sqrt((z**2).sum(axis=1).max())
        if not largest > 0.0:
            raise ValueError("a field that moves no particle has no direction")
        h = self.step / largest
        forces = np.stack([self._forces(self.positions + p * h * z) for p in _POINTS])
        self.evaluations += len(_POINTS)
        return h, forces

    def contractions(self, z, *, cubic=True, quartic=True):
        """M z, U''':zz and U'''':zzz (None for what is not wanted), shape=(N, d) each."""
        h, forces = self._along(z)
        second = np.tensordot(_SECOND, forces, 1) + _SECOND_MIDDLE * self._middle
        return (
            np.tensordot(_FIRST, forces, 1) / -h,
            second / -(h**2) if cubic else None,
            np.tensordot(_THIRD, forces, 1) / -(h**3) if quartic else None,
        )

    def errors(self, z) -> tuple[float, float, float]:
        """Relative differences of M z, U''':zz and U'''':zzz from those of the five inner points.

        They bound the truncation from above; the seven points are two orders better.
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
        """M z, shape=(N, d)."""
        return self.contractions(z, cubic=False, quartic=False)[0]

    def forms(self, z) -> tuple[float, float, float]:
        """kappa = M:zz, tau = U''':zzz and chi = U'''':zzzz."""
        return tuple(float(np.vdot(z, part)) for part in self.contractions(z))

    def hessian(self) -> sparse.csr_matrix:
        """M column by column, made symmetric; row d*i + a is particle i, axis a.

        Six force evaluations for each of the d N columns.
        """
        size = self.positions.size
        matrix = np.empty((size, size))
        for column in range(size):
            unit = np.zeros(size)
            unit[column] = 1.0
            matrix[:, column] = self.hessian_product(unit).ravel()
        matrix = 0.5 * (matrix + matrix.T)
        # what is left of rounding between particles out of range is no entry
        matrix[np.abs(matrix) < 1e-12 * np.abs(matrix).max()] = 0.0
        return sparse.csr_matrix(matrix)
