"""FIRE exactly as `min_style fire` of LAMMPS walks, compiled, on a pair list that it prunes itself.

The walk decides which minimum a configuration belongs to, so it is LAMMPS' own, to rounding:
semi-implicit Euler, half a step back and a fresh start where the power is not positive, and the
defaults of `min_modify` (Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006); Guenole et al.,
Comput. Mater. Sci. 175, 109584 (2020)). Only forces are computed: FIRE asks for no energy. There
are two departures, both where LAMMPS would throw particles across the box: overlaps of the start
are pushed apart first, and half a step back is no longer than half the step that was taken.
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
"""Defaults of LAMMPS' min_modify: delaystep, dtgrow, dtshrink, alpha0, alphashrink; tmax, tmin,
dmax, vdfmax."""

CONVERGED, OUTDATED, LIMIT, STUCK, NOT_FINITE = range(5)
"""Why :func:`walk` returned."""

_MOVED, _STEPPED_BACK, _READY = 0.0, 1.0, 2.0
"""What a walk does first: forces and a step, forces and a fresh start, or the step alone."""


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def _largest_force(forces):
    """Largest force on a particle, and the sum of squares (not finite if any force is not)."""
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
    """Walk until the forces are small, evaluations are used up, or a new outer list is needed.

    While the forces at the start are so large that LAMMPS' first step would have to be cut, every
    particle follows its own force, no further than the longest move, before FIRE begins.

    Parameters
    ----------
    points : ndarray, shape=(d, N + G)
        Particles, then their ghosts.
    velocity, forces : ndarray, shape=(d, N)
    axes : tuple
        The rows of `points`, None for the axes that the space does not have.
    state : ndarray, shape=(7,)
        Time step, mixing, steps, last step without power, such steps in a row, what is to be done
        first, force evaluations: all that is needed to go on.
    first_step : float
        Time step at the start, which sets its bounds.
    tolerance : float
        Of max_i |F_i|.
    evaluations : int
        Most force evaluations of this call.

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
                # overlaps of a random start: FIRE would throw them across the box
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
                    # no further back than the limited step went forth
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
    """FIRE walks of one sample that share their pair lists.

    Parameters
    ----------
    landscape : Landscape
    time_step : float, optional
        LAMMPS' `timestep` at the start of a walk, by default the model's for FIRE.

    Attributes
    ----------
    evaluations : int
        Force evaluations since :meth:`start`.
    """

    def __init__(self, landscape, time_step=None):
        super().__init__(landscape)
        model = landscape.model
        self.time_step = time_step or model.fire_time_step or model.time_step
        self._preferred = self._listed = None
        self._state = np.zeros(7)

    @property
    def evaluations(self) -> int:
        return int(self._state[6])

    @property
    def steps(self) -> int:
        """Steps of FIRE, as LAMMPS counts them."""
        return int(self._state[2])

    @property
    def is_evaluated(self) -> bool:
        """Whether the forces are those of the present positions, after a whole step."""
        return bool(self._state[5] == _READY)

    def list_around(self, positions) -> None:
        super().list_around(positions)
        self._listed = None

    def prefer(self, positions) -> None:
        """Configuration around which the next outer list is built, if the walk starts near it."""
        self._preferred = positions

    def forget(self) -> None:
        """Keep nothing of earlier walks that the rounding of the next could depend on.

        An outer list around the preferred configuration stays.
        """
        if self._listed is None or self._listed is not self._preferred:
            self._origin = None
        else:
            self._inner_starts[-1] = -1

    def start(self, positions) -> None:
        """Begin a walk at rest, shape=(N, d)."""
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
        return float(_largest_force(self._forces)[0])

    def walk(self, tolerance, evaluations) -> int:
        """Go on until max_i |F_i| < tolerance or a number of force evaluations is used up.

        Returns
        -------
        int
            CONVERGED, LIMIT, STUCK or NOT_FINITE.
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
