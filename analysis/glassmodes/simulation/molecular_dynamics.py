"""Molecular dynamics in two to four dimensions, compiled, on the pair lists of the landscape.

The integrator is velocity Verlet (Swope et al., J. Chem. Phys. 76, 637 (1982)). For a canonical
ensemble, velocities are rescaled stochastically after every step (Bussi, Donadio and Parrinello,
J. Chem. Phys. 126, 014101 (2007), Eq. A7). This thermostat needs two random numbers a step, where
a Langevin thermostat needs d N; it keeps the total momentum at zero; and it does not slow down
diffusion, on which the decorrelation of a liquid depends.

Forces are those of FIRE (:mod:`glassmodes.landscape.pair_lists`). A run depends on its initial
positions, velocities and random state alone, so a sequence of runs that was stopped between two of
them continues to the same bits.
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
"""Distances by which pair lists exceed the interaction range in a liquid, in units of length."""

THERMOSTAT_TIME = 0.5
"""Relaxation time of the kinetic energy under the thermostat, in units of time."""

_DONE, _OUTDATED = range(2)
"""Reasons for which :func:`integrate` returns."""

_READY, _AHEAD, _FRESH = range(3)
"""State of the integration: forces belong to the positions; positions are one step ahead of forces
and velocities; or no forces are known yet.
"""


class MolecularDynamicsError(RuntimeError):
    """Positions are not finite, or larger than a stable integration can produce."""


@njit(cache=True, fastmath=REORDERED, error_model="numpy")
def _rescale(velocity, rng, keep, temperature):
    """Rescale velocities at random, so that the kinetic energy samples the canonical ensemble."""
    d, n = velocity.shape
    freedom = d * (n - 1)
    twice_kinetic = 0.0
    for a in range(d):
        for i in range(n):
            twice_kinetic += velocity[a, i] * velocity[a, i]
    normal = rng.standard_normal()
    # sum of freedom - 1 squared normal numbers
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
    """Integrate until a number of steps is done or the outer pair list is outdated.

    Parameters
    ----------
    points : ndarray, shape=(d, N + G)
        Coordinates of the N particles, then of their G ghosts.
    velocity, forces : ndarray, shape=(d, N)
        Velocities, and forces -dU/dr.
    axes : tuple
        The four rows of `points`; None for axes beyond the dimension.
    state : ndarray, shape=(2,), dtype=int
        State between calls: number of steps done, and _READY, _AHEAD or _FRESH.
    rng : numpy.random.Generator
        Random numbers of the thermostat.
    steps : int
        Number of steps of the run.
    time_step : float
        Time step.
    keep : float
        exp(-time_step / relaxation time) of the thermostat; 1 for constant energy.
    temperature, heating : float
        Temperature of the bath before the first step, and its change in each step.
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
            # rounding may take a ramp that ends at temperature 0 below it
            _rescale(velocity, rng, keep, max(0.0, temperature + state[0] * heating))


def maxwell_velocities(particles, dimension, temperature, rng) -> np.ndarray:
    """Random velocities with a given kinetic temperature and no total momentum, shape=(N, d).

    Parameters
    ----------
    particles, dimension : int
        N and d.
    temperature : float
        Kinetic temperature, exactly, of d (N - 1) degrees of freedom.
    rng : numpy.random.Generator
    """
    velocities = rng.standard_normal((particles, dimension))
    velocities -= velocities.mean(axis=0)
    return velocities * np.sqrt(temperature / kinetic_temperature(velocities))


def kinetic_temperature(velocities) -> float:
    """Kinetic temperature sum v^2 / (d (N - 1)) of velocities, shape=(N, d), without momentum."""
    return float((velocities**2).sum() / (velocities.shape[1] * (len(velocities) - 1)))


class MolecularDynamics(PairLists):
    """Trajectory of one sample by molecular dynamics; masses are one.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    positions, velocities : ndarray, shape=(N, d)
        Initial state; the velocities have no total momentum.
    time_step : float
        Time step, in units of time.
    rng : numpy.random.Generator, optional
        Random numbers of the thermostat; their state is part of the state of the trajectory.
    outer_skin, inner_skin : float
        Skins of the pair lists, in units of length; they change the speed, not the physics.
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
        """Unwrapped positions after the last run, shape=(N, d)."""
        return self._at_rest[0]

    @property
    def velocity(self) -> np.ndarray:
        """Velocities after the last run, shape=(N, d)."""
        return self._at_rest[1]

    def _list_anew(self, positions, velocities):
        """Build new pair lists around a state and make it the present one."""
        if not self.is_within_bounds(positions):
            raise MolecularDynamicsError(
                "positions are not finite or out of all bounds: the time step is too long"
            )
        self.list_around(positions)
        self._periods = positions[self.order] - self._origin.T
        self.points[:, : len(positions)] = self._origin
        self._velocity[:] = velocities[self.order].T

    def _present(self):
        """Present positions, unwrapped, and velocities, in the order of particles."""
        return self.unplaced(self.points[:, : len(self.order)]), self.in_order(self._velocity)

    @property
    def temperature(self) -> float:
        """Kinetic temperature of the velocities."""
        return kinetic_temperature(self.velocity)

    def potential_energy(self) -> float:
        """Total potential energy of the present positions."""
        # a new neighbour list, so that the last bits do not depend on earlier calls
        return self.landscape.anew().energy_and_forces(self.positions)[0]

    def run(self, steps, temperature=None, final_temperature=None) -> None:
        """Integrate a number of steps.

        Parameters
        ----------
        steps : int
            Number of steps.
        temperature : float, optional
            Temperature of the bath; the energy is constant without it.
        final_temperature : float, optional
            Temperature of the bath after the last step; it changes linearly in time.

        Raises
        ------
        MolecularDynamicsError
            If positions become larger than a stable integration can produce.
        """
        keep, bath, heating = 1.0, 0.0, 0.0
        if temperature is not None:
            keep, bath = float(np.exp(-self.time_step / THERMOSTAT_TIME)), float(temperature)
            if final_temperature is not None:
                heating = (float(final_temperature) - bath) / steps
        # with new lists, the result depends on the initial state alone and not on earlier runs
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
