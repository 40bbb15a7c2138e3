"""Minimisation by FIRE, compiled, with the algorithm of `min_style fire` of LAMMPS.

FIRE decides which minimum a configuration belongs to, so it follows the path of LAMMPS to within
rounding: semi-implicit Euler integration, half a step back and a restart from rest when the power
F.v is not positive, and the default parameters of `min_modify` (Bitzek et al., Phys. Rev. Lett.
97, 170201 (2006); Guenole et al., Comput. Mater. Sci. 175, 109584 (2020)). Only forces are
computed, as FIRE needs no energies.

The algorithm departs from LAMMPS in two places, where LAMMPS would move particles across the box:
overlaps of the initial configuration are pushed apart first, and the half step back is no longer
than half of the step that was taken.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from glassmodes.landscape.neighbours import NeighbourError
from glassmodes.landscape.pair_lists import (
    REORDERED,
    PairLists,
    largest_move,
    pair_forces,
    place_ghosts,
    prune,
)

DELAY, GROW, SHRINK, MIXING, MIXING_SHRINK = 20, 1.1, 0.5, 0.25, 0.99
LONGEST_STEP, SHORTEST_STEP, LONGEST_MOVE, MOST_UPHILL = 10.0, 0.02, 0.1, 2000
"""Defaults of `min_modify` in LAMMPS, here in the order delaystep, dtgrow, dtshrink, alpha0,
alphashrink; tmax, tmin (in units of the first time step), dmax (in units of length), vdfmax.
"""

CONVERGED, OUTDATED, LIMIT, STUCK, NOT_FINITE = range(5)
"""Reasons for which :func:`walk` returns."""

_MOVED, _STEPPED_BACK, _READY = 0.0, 1.0, 2.0
"""What a call of :func:`walk` does first: compute forces and step; compute forces and restart from
rest; or step with the forces at hand.
"""


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def _largest_force(forces):
    """Largest force on a particle, and the sum of squared forces (not finite if a force is not)."""
    d, n = forces.shape
    largest = 0.0
    total = 0.0
    for i in range(n):
        square = 0.0
        for a in range(d):
            square += forces[a, i] * forces[a, i]
        largest = max(largest, square)
        total += square
    return np.sqrt(largest), total


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def walk(
    points, velocity, forces, axes, state, first_step, tolerance, evaluations,
    owner, shift, outer_starts, outer, size, outer_origin, outer_room,
    inner_starts, inner, inverse_square, inner_origin, inner_skin, cutoff, terms, near,
):  # fmt: skip
    """Run FIRE until forces are small, evaluations are used up, or the outer list is outdated.

    While the initial forces are so large that the first step of FIRE would exceed the longest move,
    every particle is displaced along its own force, by at most the longest move, before FIRE
    begins.

    Parameters
    ----------
    points : ndarray, shape=(d, N + G)
        Coordinates of the N particles, then of their G ghosts.
    velocity, forces : ndarray, shape=(d, N)
        Velocities of FIRE and forces -dU/dr.
    axes : tuple
        The four rows of `points`; None for axes beyond the dimension.
    state : ndarray, shape=(7,)
        State of FIRE between calls: time step, mixing parameter, number of steps, last step with
        non-positive power, number of such steps in a row, what to do first, and number of force
        evaluations.
    first_step : float
        Initial time step, which sets the bounds of later ones.
    tolerance : float
        Bound on the largest force on a particle, max_i |F_i|.
    evaluations : int
        Largest number of force evaluations in this call.
    owner, shift, outer_starts, outer, size, outer_origin, outer_room
        Ghosts and outer list of :class:`glassmodes.landscape.pair_lists.PairLists`.
    inner_starts, inner, inverse_square, inner_origin, inner_skin
        Inner list.
    cutoff : float
        Range of the potential in units of the pair diameter.
    terms : tuple of float or None
        Coefficients of the potential.
    near : ndarray
        Work space.

    Returns
    -------
    int
        CONVERGED, OUTDATED, LIMIT, STUCK or NOT_FINITE.
    """
    d, n = velocity.shape
    x, y, z, w = axes
    c12, c10, c8, c6, c4, c2, p1, p2, p4, p6 = terms
    dt, mixing, steps, last_negative, uphill, pending = (
        state[0], state[1], state[2], state[3], state[4], state[5],
    )  # fmt: skip
    used = 0
    while True:
        if pending != _READY:
            if inner_starts[n] < 0 or largest_move(points, inner_origin) > 0.5 * inner_skin:
                if not largest_move(points, outer_origin) <= outer_room:
                    status = OUTDATED
                    break
                place_ghosts(points, owner, shift)
                prune(x, y, z, w, outer_starts, outer, size, cutoff, inner_skin, near,
                       inner_starts, inner, inverse_square)  # fmt: skip
                inner_origin[:] = points[:, :n]
            else:
                place_ghosts(points, owner, shift)
            pair_forces(x, y, z, w, c12, c10, c8, c6, c4, c2, p1, p2, p4, p6,
                    inner_starts, inner, inverse_square, cutoff, near, forces)  # fmt: skip
            used += 1
        largest, force2 = _largest_force(forces)
        if not np.isfinite(force2):
            status = NOT_FINITE
            break
        fresh = pending == _STEPPED_BACK
        power = 0.0
        if not fresh:
            pending = _READY
            if largest < tolerance:
                status = CONVERGED
                break
            if used >= evaluations:
                status = LIMIT
                break
            if steps == 0.0 and largest * first_step * first_step > LONGEST_MOVE:
                # FIRE would move the overlapping particles of a random start across the box
                for i in range(n):
                    square = 0.0
                    for a in range(d):
                        square += forces[a, i] * forces[a, i]
                    push = min(first_step * first_step, LONGEST_MOVE / np.sqrt(square + 1e-30))
                    for a in range(d):
                        points[a, i] += push * forces[a, i]
                pending = _MOVED
                continue
            steps += 1.0
            speed2 = 0.0
            for a in range(d):
                for i in range(n):
                    power += velocity[a, i] * forces[a, i]
                    speed2 += velocity[a, i] * velocity[a, i]
            if power > 0.0:
                uphill = 0.0
                keep = 1.0 - mixing
                turn = mixing * np.sqrt(speed2 / force2) if force2 > 1e-20 else 0.0
                if steps - last_negative > DELAY:
                    dt = min(dt * GROW, LONGEST_STEP * first_step)
                    mixing *= MIXING_SHRINK
            else:
                last_negative = steps
                if steps >= DELAY:
                    mixing = MIXING
                    if dt * SHRINK >= SHORTEST_STEP * first_step:
                        dt *= SHRINK
                uphill += 1.0
                if uphill > MOST_UPHILL:
                    status = STUCK
                    break
                fresh = True
                if speed2 > 0.0:
                    # the last step may have been limited in length: go back by half of it
                    fastest = 0.0
                    for a in range(d):
                        for i in range(n):
                            fastest = max(fastest, abs(velocity[a, i]))
                    back = 0.5 * min(dt, LONGEST_MOVE / fastest)
                    for a in range(d):
                        for i in range(n):
                            points[a, i] -= back * velocity[a, i]
                            velocity[a, i] = 0.0
                    pending = _STEPPED_BACK
                    continue
        fastest = 0.0
        for a in range(d):
            for i in range(n):
                fastest = max(fastest, dt * abs(forces[a, i]) if fresh else abs(velocity[a, i]))
        step = dt
        if step * fastest > LONGEST_MOVE:
            step = LONGEST_MOVE / fastest
        if power > 0.0:
            push = keep * step + turn
        else:
            keep = 1.0
            push = step
        for a in range(d):
            for i in range(n):
                faster = keep * velocity[a, i] + push * forces[a, i]
                velocity[a, i] = faster
                points[a, i] += step * faster
        pending = _MOVED
    state[0], state[1], state[2], state[3], state[4], state[5] = (
        dt, mixing, steps, last_negative, uphill, pending,
    )  # fmt: skip
    state[6] += used
    return status


class Descent(PairLists):
    """Minimisations of one sample by FIRE, which share their pair lists.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    time_step : float, optional
        First time step of FIRE, by default that of the model.

    Attributes
    ----------
    evaluations : int
        Number of force evaluations since :meth:`start`.
    """

    def __init__(self, landscape, time_step=None):
        super().__init__(landscape)
        model = landscape.model
        self.time_step = time_step or model.fire_time_step or model.time_step
        self._preferred = self._listed = None
        self._state = np.zeros(7)

    @property
    def evaluations(self) -> int:
        """Number of force evaluations since :meth:`start`."""
        return int(self._state[6])

    @property
    def steps(self) -> int:
        """Number of FIRE steps since :meth:`start`, as LAMMPS counts them."""
        return int(self._state[2])

    @property
    def is_evaluated(self) -> bool:
        """Whether a step is complete, so that the forces belong to the present positions."""
        return bool(self._state[5] == _READY)

    def list_around(self, positions) -> None:
        """Build the outer list around a configuration, shape=(N, d)."""
        super().list_around(positions)
        self._listed = None

    def prefer(self, positions) -> None:
        """Set the configuration around which the next outer list is built, if a start is near it.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
        """
        self._preferred = positions

    def forget(self) -> None:
        """Discard lists whose order of summation could affect the rounding of the next start.

        An outer list that was built around the preferred configuration is kept, as it depends on
        that configuration alone.
        """
        if self._listed is None or self._listed is not self._preferred:
            self._origin = None
        else:
            self._inner_starts[-1] = -1

    def start(self, positions) -> None:
        """Begin a minimisation at rest.

        Parameters
        ----------
        positions : ndarray, shape=(N, d)
            Initial positions, inside the box or not.

        Raises
        ------
        NeighbourError
            If a position is not finite.
        """
        positions = np.ascontiguousarray(positions, dtype=float)
        if not np.isfinite(positions).all():
            raise NeighbourError("positions hold NaN or infinity")
        fits = self._origin is not None and self._fits(positions)
        if not fits and self._preferred is not None and self._listed is not self._preferred:
            self.list_around(self._preferred)
            self._listed = self._preferred
            fits = self._fits(positions)
        if not fits:
            self.list_around(positions)
            self._fits(positions)
        self._velocity[:] = 0.0
        self._state[:] = (self.time_step, MIXING, 0.0, 0.0, 0.0, _MOVED, 0.0)

    @property
    def max_force(self) -> float:
        """Largest force on a particle, max_i |F_i|."""
        return float(_largest_force(self._forces)[0])

    def walk(self, tolerance, evaluations) -> int:
        """Continue until max_i |F_i| < tolerance or a number of force evaluations is used up.

        Parameters
        ----------
        tolerance : float
            Bound on the largest force on a particle.
        evaluations : int
            Largest number of force evaluations in this call.

        Returns
        -------
        int
            CONVERGED, LIMIT, STUCK (too many steps in a row without positive power) or NOT_FINITE.
        """
        last = self.evaluations + int(evaluations)
        while True:
            status = walk(
                *(self.points, self._velocity, self._forces, self._axes, self._state),
                *(self.time_step, tolerance, last - self.evaluations),
                *(self._owner, self._shift, self._starts, self._outer, self._size, self._origin),
                *(self._room, self._inner_starts, self._inner, self._inverse_square),
                *(self._inner_origin, self._inner_skin, self.landscape.potential.cutoff),
                *(self._terms, self._near),
            )
            if status != OUTDATED:
                return status
            positions, velocity = self.positions, self.velocity
            if not self.is_within_bounds(positions):
                return NOT_FINITE
            self.list_around(positions)
            self._periods = positions[self.order] - self._origin.T
            self.points[:, : len(positions)] = self._origin
            self._velocity[:] = velocity[self.order].T
