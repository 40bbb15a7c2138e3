"""Minimisation to an inherent structure: FIRE, then a Newton-Krylov polish.

FIRE (Bitzek et al., Phys. Rev. Lett. 97, 170201 (2006)) follows the landscape downhill and decides
which minimum is reached; the polish starts where the landscape is quadratic, keeps to that minimum
by limiting its step, and takes the largest force to round-off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, minres

from glassmodes.landscape.descent import Descent


@dataclass(frozen=True)
class RelaxationResult:
    """Where a minimisation ended.

    Attributes
    ----------
    positions : ndarray, shape=(N, d)
    energy : float
        Total energy.
    max_force : float
        max_i |F_i|.
    converged : bool
        max_force below the tolerance that was asked for.
    iterations : int
        Force evaluations of FIRE.
    newton_steps : int
    """

    positions: np.ndarray
    energy: float
    max_force: float
    converged: bool
    iterations: int
    newton_steps: int


def fire(landscape, positions, *, force_tolerance, max_iterations=100_000, time_step=None):
    """FIRE descent until max_i |F_i| < force_tolerance, as LAMMPS walks it.

    Parameters
    ----------
    landscape : Landscape
    positions : ndarray, shape=(N, d)
        Overlaps are pushed apart before FIRE begins.
    force_tolerance : float
    max_iterations : int
        Of force evaluations.
    time_step : float, optional
        First time step, by default the model's for FIRE; grows tenfold.

    Returns
    -------
    positions, energy, forces, evaluations
    """
    descent = Descent(landscape, time_step)
    descent.start(positions)
    descent.walk(force_tolerance, max_iterations)
    x = descent.positions
    energy, forces = landscape.energy_and_forces(x)
    return x, energy, forces, descent.evaluations


def newton_polish(landscape, positions, *, force_tolerance, max_steps=20, longest_move=0.01):
    """Newton steps, each a MINRES solve of M dx = F without the uniform translations.

    The step is shortened to `longest_move`, and halved while it does not lower the largest
    force, so that it cannot leave the minimum in whose quadratic region it started.

    Returns
    -------
    positions, expansion, steps
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
    """Minimum reached from a configuration, to max_i |F_i| < force_tolerance.

    Parameters
    ----------
    landscape : Landscape
    positions : ndarray, shape=(N, d)
    force_tolerance : float
        In units of eps over length.
    handover : float
        Largest force at which FIRE hands over to the Newton polish. Where the polish does not
        converge (a nearly flat direction), FIRE goes on from a hundred times smaller forces.
    max_iterations : int
        Of FIRE altogether.

    Returns
    -------
    RelaxationResult
        `converged` is false where the limit was reached; nothing is raised.
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
