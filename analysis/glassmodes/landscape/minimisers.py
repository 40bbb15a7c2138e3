"""Minimisation of the energy to an inherent structure: FIRE, then Newton's method.

FIRE (Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006)) decides which minimum is reached. Newton's
method takes over where the energy is nearly quadratic and reduces the largest force to rounding;
its steps are limited in length, so that it stays in the same minimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, minres

from glassmodes.landscape.descent import Descent


@dataclass(frozen=True)
class RelaxationResult:
    """Configuration in which a minimisation ended.

    Attributes
    ----------
    positions : ndarray, shape=(N, d)
        Final positions, not wrapped into the box.
    energy : float
        Total potential energy.
    max_force : float
        Largest force on a particle, max_i |F_i|.
    converged : bool
        Whether `max_force` is below the requested tolerance.
    iterations : int
        Number of force evaluations of FIRE.
    newton_steps : int
        Number of Newton steps.
    """

    positions: np.ndarray
    energy: float
    max_force: float
    converged: bool
    iterations: int
    newton_steps: int


def fire(landscape, positions, *, force_tolerance, max_iterations=100_000, time_step=None):
    """Minimise by FIRE until max_i |F_i| < force_tolerance, with the algorithm of LAMMPS.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    positions : ndarray, shape=(N, d)
        Initial positions; overlapping particles are pushed apart before FIRE begins.
    force_tolerance : float
        Bound on the largest force on a particle.
    max_iterations : int
        Largest number of force evaluations.
    time_step : float, optional
        First time step, by default that of the model for FIRE; it grows at most tenfold.

    Returns
    -------
    positions : ndarray, shape=(N, d)
    energy : float
    forces : ndarray, shape=(N, d)
    evaluations : int
        Number of force evaluations.
    """
    descent = Descent(landscape, time_step)
    descent.start(positions)
    descent.walk(force_tolerance, max_iterations)
    x = descent.positions
    energy, forces = landscape.energy_and_forces(x)
    return x, energy, forces, descent.evaluations


def newton_polish(landscape, positions, *, force_tolerance, max_steps=20, longest_move=0.01):
    """Reduce the largest force by Newton steps; each is a MINRES solve of M dx = F.

    Uniform translations are projected out. A step is shortened so that no coordinate moves by more
    than `longest_move`, and halved until it lowers the largest force, so that it stays in the
    minimum in whose quadratic region it starts.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    positions : ndarray, shape=(N, d)
        Initial positions, close to a minimum.
    force_tolerance : float
        Bound on the largest force on a particle.
    max_steps : int
        Largest number of Newton steps.
    longest_move : float
        Largest change of a coordinate in one step.

    Returns
    -------
    positions : ndarray, shape=(N, d)
    expansion : Expansion
        Expansion of the energy at these positions.
    steps : int
        Number of Newton steps taken.
    """
    x = np.array(positions, dtype=float)
    n, d = x.shape
    expansion = landscape.expand(x)
    steps = 0
    while steps < max_steps and expansion.max_force >= force_tolerance:
        forces = expansion.forces - expansion.forces.mean(axis=0)
        operator = LinearOperator(
            (n * d, n * d), matvec=lambda z, e=expansion: e.hessian_product(z).ravel(), dtype=float
        )
        move, _ = minres(operator, forces.ravel(), rtol=1e-8, maxiter=20 * n)
        move = move.reshape(n, d) - move.reshape(n, d).mean(axis=0)
        longest = np.abs(move).max()
        if longest > longest_move:
            move *= longest_move / longest
        for _ in range(8):
            trial = landscape.expand(x + move)
            if trial.max_force < expansion.max_force:
                break
            move *= 0.5
        else:
            break
        x = x + move
        expansion = trial
        steps += 1
    return x, expansion, steps


def relax(
    landscape,
    positions,
    *,
    force_tolerance=1e-10,
    handover=1e-5,
    max_iterations=100_000,
) -> RelaxationResult:
    """Minimise the energy from a configuration until max_i |F_i| < force_tolerance.

    Parameters
    ----------
    landscape : Landscape
        Energy of the sample.
    positions : ndarray, shape=(N, d)
        Initial positions.
    force_tolerance : float
        Bound on the largest force on a particle, in units of eps over length.
    handover : float
        Largest force at which FIRE hands over to Newton's method. If that does not converge (along
        a nearly flat direction), FIRE continues to forces a hundred times smaller.
    max_iterations : int
        Largest number of force evaluations of FIRE in total.

    Returns
    -------
    RelaxationResult
        `converged` is false if the limit was reached; no exception is raised.
    """
    x = np.array(positions, dtype=float)
    iterations = newton_steps = 0
    level = max(handover, force_tolerance)
    while True:
        x, _, _, used = fire(
            landscape, x, force_tolerance=level, max_iterations=max_iterations - iterations
        )
        iterations += used
        x, expansion, steps = newton_polish(landscape, x, force_tolerance=force_tolerance)
        newton_steps += steps
        converged = expansion.max_force < force_tolerance
        if converged or iterations >= max_iterations or level <= force_tolerance:
            return RelaxationResult(
                x, expansion.energy, expansion.max_force, converged, iterations, newton_steps
            )
        level = max(1e-2 * level, force_tolerance)
