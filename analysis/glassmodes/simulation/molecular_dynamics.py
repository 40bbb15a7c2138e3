"""Molecular dynamics in two to four dimensions, compiled, on the pair lists of the landscape.

Velocity Verlet (Swope et al., J. Chem. Phys. 76, 637 (1982)), and for a canonical ensemble the
stochastic rescaling of velocities after every step (Bussi, Donadio and Parrinello, J. Chem. Phys.
126, 014101 (2007), Eq. A7). It asks for two random numbers a step, where a Langevin thermostat asks
for d N, leaves the total momentum at zero, and does not slow diffusion down, which is what the
decorrelation of a liquid waits for.

Forces are those that FIRE walks on (:mod:`glassmodes.landscape.pair_lists`). A run starts from its
positions, velocities and random state alone: a chain of runs that was stopped between two of them
goes on to the last bit.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from glassmodes.landscape.pair_lists import (
    REORDERED,
    PairLists,
    largest_move,
    pair_forces,
    place_ghosts,
    prune,
)

OUTER_SKIN, INNER_SKIN = 0.6, 0.2
"""Skins of the pair lists in liquids, in units of length."""

THERMOSTAT_TIME = 0.5
"""Time in which the thermostat forgets the kinetic energy."""

_DONE, _OUTDATED = range(2)

_READY, _AHEAD, _FRESH = range(3)
"""Forces are those of the positions; positions are ahead of forces and velocities; no forces."""


class MolecularDynamicsError(RuntimeError):
    """A run whose positions are no longer finite, or out of all bounds."""


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def _rescale(velocity, rng, keep, temperature):
    """Rescale velocities so that their kinetic energy follows its canonical distribution."""
    d, n = velocity.shape
    freedom = d * (n - 1)
    twice_kinetic = 0.0
    for a in range(d):
        for i in range(n):
            twice_kinetic += velocity[a, i] * velocity[a, i]
    normal = rng.standard_normal()
    # a sum of squares of normal numbers
    others = 2.0 * rng.standard_gamma(0.5 * (freedom - 1))
    share = (1.0 - keep) * temperature / twice_kinetic
    scale = np.sqrt(
        keep + share * (others + normal * normal) + 2.0 * normal * np.sqrt(keep * share)
    )
    for a in range(d):
        for i in range(n):
            velocity[a, i] *= scale


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def integrate(
    points, velocity, forces, axes, state, rng, steps, time_step, keep, temperature, heating,
    owner, shift, outer_starts, outer, size, outer_origin, outer_room,
    inner_starts, inner, inverse_square, inner_origin, inner_skin, cutoff, terms, near,
):  # fmt: skip
    """Velocity Verlet until a number of steps is done or a new outer list is needed.

    Parameters
    ----------
    points : ndarray, shape=(d, N + G)
        Particles, then their ghosts.
    velocity, forces : ndarray, shape=(d, N)
    state : ndarray, shape=(2,), int
        Steps done, and what forces and velocities belong to: all that is needed to go on after new
        lists.
    keep : float
        exp(-time_step / relaxation time) of the thermostat; 1 for constant energy.
    temperature, heating : float
        Of the bath before the first step, and its change in a step.

    Returns
    -------
    int
        _DONE or _OUTDATED.
    """
    d, n = velocity.shape
    x, y, z, w = axes
    c12, c10, c8, c6, c4, c2, p1, p2, p4, p6 = terms
    half = 0.5 * time_step
    while True:
        if state[1] == _READY:
            if state[0] == steps:
                return _DONE
            for a in range(d):
                for i in range(n):
                    velocity[a, i] += half * forces[a, i]
                    points[a, i] += time_step * velocity[a, i]
            state[1] = _AHEAD
        place_ghosts(points, owner, shift)
        if inner_starts[n] < 0 or not largest_move(points, inner_origin) <= 0.5 * inner_skin:
            if not largest_move(points, outer_origin) <= outer_room:
                return _OUTDATED
            prune(x, y, z, w, outer_starts, outer, size, cutoff, inner_skin, near,
                  inner_starts, inner, inverse_square)  # fmt: skip
            inner_origin[:] = points[:, :n]
        pair_forces(x, y, z, w, c12, c10, c8, c6, c4, c2, p1, p2, p4, p6,
                    inner_starts, inner, inverse_square, cutoff, near, forces)  # fmt: skip
        if state[1] == _FRESH:
            state[1] = _READY
            continue
        for a in range(d):
            for i in range(n):
                velocity[a, i] += half * forces[a, i]
        state[0] += 1
        state[1] = _READY
        if keep < 1.0:
            # a ramp to zero may round to less
            _rescale(velocity, rng, keep, max(0.0, temperature + state[0] * heating))


def maxwell_velocities(particles, dimension, temperature, rng) -> np.ndarray:
    """Velocities at a temperature without total momentum, shape=(N, d)."""
    velocities = rng.standard_normal((particles, dimension))
    velocities -= velocities.mean(axis=0)
    return velocities * np.sqrt(temperature / kinetic_temperature(velocities))


def kinetic_temperature(velocities) -> float:
    """Temperature of velocities without total momentum, of d (N - 1) degrees of freedom."""
    return float((velocities**2).sum() / (velocities.shape[1] * (len(velocities) - 1)))


class MolecularDynamics(PairLists):
    """Trajectory of one sample.

    Parameters
    ----------
    landscape : Landscape
    positions, velocities : ndarray, shape=(N, d)
        Velocities without total momentum.
    time_step : float
    rng : numpy.random.Generator, optional
        Of the thermostat; its state belongs to the trajectory's.
    outer_skin, inner_skin : float
        Of the pair lists; any values give the same physics.

    """

    def __init__(
        self,
        landscape,
        positions,
        velocities,
        time_step,
        rng=None,
        *,
        outer_skin=OUTER_SKIN,
        inner_skin=INNER_SKIN,
    ):
        super().__init__(landscape, outer_skin, inner_skin)
        self.time_step = float(time_step)
        self.rng = np.random.default_rng(0) if rng is None else rng
        self._at_rest = np.array(positions, dtype=float), np.array(velocities, dtype=float)

    @property
    def positions(self) -> np.ndarray:
        """Unwrapped, shape=(N, d)."""
        return self._at_rest[0]

    @property
    def velocity(self) -> np.ndarray:
        """shape=(N, d)."""
        return self._at_rest[1]

    def _list_anew(self, positions, velocities):
        if not self.is_within_bounds(positions):
            raise MolecularDynamicsError(
                "positions are not finite or out of all bounds: the time step is too long"
            )
        self.list_around(positions)
        self._periods = positions[self.order] - self._origin.T
        self.points[:, : len(positions)] = self._origin
        self._velocity[:] = velocities[self.order].T

    def _present(self):
        return self.unplaced(self.points[:, : len(self.order)]), self.in_order(self._velocity)

    @property
    def temperature(self) -> float:
        """Kinetic temperature."""
        return kinetic_temperature(self.velocity)

    def potential_energy(self) -> float:
        """Total potential energy."""
        # a list of its own: its last bits must not depend on earlier calls
        return self.landscape.anew().energy_and_forces(self.positions)[0]

    def run(self, steps, temperature=None, final_temperature=None) -> None:
        """Go on for a number of steps.

        Parameters
        ----------
        steps : int
        temperature : float, optional
            Of the bath; constant energy without it.
        final_temperature : float, optional
            Of the bath after the last step, which it reaches linearly.

        Raises
        ------
        MolecularDynamicsError
            If particles leave all bounds.
        """
        keep, bath, heating = 1.0, 0.0, 0.0
        if temperature is not None:
            keep, bath = float(np.exp(-self.time_step / THERMOSTAT_TIME)), float(temperature)
            if final_temperature is not None:
                heating = (float(final_temperature) - bath) / steps
        # the start alone decides, not the lists of earlier runs
        self._list_anew(*self._at_rest)
        state = np.array([0, _FRESH])
        while True:
            status = integrate(
                *(self.points, self._velocity, self._forces, self._axes, state, self.rng),
                *(int(steps), self.time_step, keep, bath, heating),
                *(self._owner, self._shift, self._starts, self._outer, self._size, self._origin),
                *(self._room, self._inner_starts, self._inner, self._inverse_square),
                *(self._inner_origin, self._inner_skin, self.landscape.potential.cutoff),
                *(self._terms, self._near),
            )
            if status == _DONE:
                break
            self._list_anew(*self._present())
        self._at_rest = self._present()
