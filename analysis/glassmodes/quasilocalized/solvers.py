"""Two independent solvers of the equation of nonlinear modes, M z = (kappa / form) c.

Symbols are those of :mod:`glassmodes.quasilocalized.energies`.

:func:`minimise` minimises the energy function by L-BFGS on the sphere of unit fields. It needs only
products with fields, of any origin. Steps are accepted by slopes, as in macopt, the minimiser that
Kapteijns, Richard and Lerner use: close to a minimum, differences of energies are below rounding
long before the residual is small. For this reason no library is used; the L-BFGS of SciPy stops at
residuals of 1e-7.

:func:`iterate` iterates the fixed-point equation z <- (kappa / form) M^-1 c (Khomenko, Reichman and
Zamponi, Phys. Rev. Materials 5, 055602 (2021), Eq. 6, and its quartic analogue) with a
factorisation of M. The map also goes down the energy function, since
z - (kappa / form) M^-1 c = (kappa / 2p) M^-1 gradient; where it would raise the energy, its step is
halved. Anderson's method accelerates it once the residual is so small that the mode is determined:
the accelerated step replaces that of the map if it lowers the energy function.

From a start close to a mode both solvers converge to it. From a start far from any mode they may
converge to different modes, as the map takes long steps and the minimisation short ones. In 3D IPL
glasses this never happens to the quartic mode of the lowest harmonic mode. It happens to one cubic
mode in sixteen (where tau of the quartic mode nearly vanishes, and there is a cubic mode on either
side of it), and to one second quartic mode in eight.

The solvers raise no error for the properties of a field; `outcome` says how a solver ended:

==============  ==================================================================================
converged       the residual is within the tolerance
limit           the largest number of iterations was reached
stalled         no step reduces the residual: rounding, or an ill-conditioned mode
translation     the field is a uniform translation
unstable        the stiffness is not positive, or zero on the scale of the Hessian: no minimum
wrong_sign      tau is zero, or chi is not positive: the energy function has no minimum there
not_finite      a number is NaN or infinite
==============  ==================================================================================
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from glassmodes.quasilocalized.energies import Direction, direction, without_translation

TOLERANCE = 1e-10
"""Tolerance of the residual, as in the code of the authors of the method."""

MOST_ITERATIONS = 20_000
"""Largest number of iterations of :func:`minimise`, which has no preconditioner."""

MOST_MAPS = 500
"""Largest number of iterations of :func:`iterate`."""

SOFTEST = 1e-10
"""Stiffness over |M z| that counts as zero; stiff directions contribute most to |M z|."""

_MEMORY, _DEPTH = 20, 8
_DECIDED = 0.3
_LONGEST_ROTATION = 0.5
_LONGEST_SEARCH = 20
# number of iterations without progress after which a residual below 1e-6 counts as the smallest
# that can be reached; the residual of a descent is not monotonic
_DESCENT_PATIENCE, _MAP_PATIENCE = 400, 40


@dataclass(frozen=True)
class Solution:
    """Result of a solver.

    Attributes
    ----------
    field : ndarray, shape=(N, d)
        Mode of unit norm, with tau > 0 for cubic modes; NaN if there is none.
    outcome : str
        How the solver ended; see the module.
    residual : float
        |M z - (kappa / form) c| / |M z|.
    iterations : int
        Number of iterations.
    stiffness, form : float
        kappa and the form of the mode.
    seconds : float
        Wall time.
    """

    field: np.ndarray
    outcome: str
    residual: float
    iterations: int
    stiffness: float
    form: float
    seconds: float

    @property
    def converged(self) -> bool:
        """Whether the outcome is "converged"."""
        return self.outcome == "converged"


class _Fault(Exception):
    """A field from which no solver can continue; the argument of the exception is the outcome."""


def _checked(expansion, kind, field) -> Direction:
    """Direction of a start field; raises _Fault if no solver can start from it."""
    if not np.isfinite(field).all():
        raise _Fault("not_finite")
    norm = np.linalg.norm(field)
    moving = without_translation(field)
    if not np.linalg.norm(moving) > 1e-8 * norm:
        raise _Fault("translation")
    found = direction(expansion, kind, moving)
    if not np.isfinite(found.stiffness) or not np.isfinite(found.form):
        raise _Fault("not_finite")
    if _is_soft(found):
        raise _Fault("unstable")
    if not found.has_form:
        raise _Fault("wrong_sign")
    return found


def _is_soft(found) -> bool:
    """Whether the stiffness of a direction is zero or negative, on the scale of the Hessian."""
    return not found.stiffness > SOFTEST * np.linalg.norm(found.image)


def _solution(found: Direction | None, outcome, iterations, began, shape) -> Solution:
    """Solution from the last direction of a solver, or without one."""
    seconds = time.perf_counter() - began
    if found is None:
        return Solution(
            np.full(shape, np.nan), outcome, np.nan, iterations, np.nan, np.nan, seconds
        )
    sign = np.sign(found.form) if found.kind == "cubic" else 1.0
    return Solution(
        sign * found.field,
        outcome,
        found.residual,
        iterations,
        found.stiffness,
        sign * found.form,
        seconds,
    )


def _run(steps, expansion, kind, start, tolerance, most, patience) -> Solution:
    """Follow the directions that a solver generates until one converges or the solver ends."""
    began = time.perf_counter()
    start = np.asarray(start, dtype=float)
    iterations = since = 0
    mark = np.inf
    try:
        found = best = _checked(expansion, kind, start)
        walk = steps(found)
        while True:
            if found.residual < best.residual:
                best = found
            if best.residual <= tolerance:
                return _solution(best, "converged", iterations, began, start.shape)
            if iterations >= most:
                return _solution(best, "limit", iterations, began, start.shape)
            # progress is a decrease by a tenth; smaller changes may be due to rounding
            since = 0 if best.residual <= 0.9 * mark else since + 1
            mark = best.residual if since == 0 else mark
            following = next(walk, None)
            if following is None or (since > patience and best.residual < 1e-6):
                return _solution(best, "stalled", iterations, began, start.shape)
            found = following
            iterations += 1
            if _is_soft(found):
                return _solution(None, "unstable", iterations, began, start.shape)
    except _Fault as fault:
        return _solution(None, str(fault), iterations, began, start.shape)


def minimise(
    expansion, kind: str, start, *, tolerance=TOLERANCE, max_iterations=MOST_ITERATIONS
) -> Solution:
    """Find a nonlinear mode by minimising its energy function by L-BFGS.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
        Derivatives of the energy at an inherent structure without rattlers.
    kind : {"cubic", "quartic", "pseudo_harmonic"}
        Kind of the mode.
    start : ndarray, shape=(N, d)
        Initial field of any norm; its uniform translation is removed.
    tolerance : float
        Bound on the residual.
    max_iterations : int
        Largest number of iterations.

    Returns
    -------
    Solution
    """
    return _run(
        lambda found: _descend(expansion, kind, found),
        *(expansion, kind, start, tolerance, max_iterations, _DESCENT_PATIENCE),
    )


def iterate(
    expansion,
    inverse,
    kind: str,
    start,
    *,
    tolerance=TOLERANCE,
    max_iterations=MOST_MAPS,
    accelerate=True,
) -> Solution:
    """Find a nonlinear mode by iterating z <- (kappa / form) M^-1 c.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
        Derivatives of the energy at an inherent structure without rattlers.
    inverse : glassmodes.modes.InverseHessian
        Factorisation of the Hessian M.
    kind, start, tolerance, max_iterations
        As of :func:`minimise`; one iteration is one application of the map.
    accelerate : bool
        Whether Anderson's method is used; the map alone defines the mode that a start leads to.

    Returns
    -------
    Solution
    """
    return _run(
        lambda found: _map(expansion, inverse, kind, found, accelerate),
        *(expansion, kind, start, tolerance, max_iterations, _MAP_PATIENCE),
    )


def _descend(expansion, kind, found):
    """Generate directions along an L-BFGS descent, each with a lower energy than the one before."""
    steps, changes = deque(maxlen=_MEMORY), deque(maxlen=_MEMORY)
    while True:
        gradient = found.gradient
        search = -_times_inverse_hessian(gradient, steps, changes)
        slope = float(np.vdot(gradient, search))
        if not slope < 0.0:
            steps.clear()
            changes.clear()
            search, slope = -gradient, -float(np.vdot(gradient, gradient))
        if not slope < 0.0:
            return
        longest = _LONGEST_ROTATION / np.linalg.norm(search)
        length = min(1.0, longest)
        if not steps:
            length = min(length, 0.02 / np.linalg.norm(search))
        following = _search_line(expansion, kind, found, search, slope, length, longest)
        if following is None:
            if not steps:
                return
            steps.clear()
            changes.clear()
            continue
        step, change = following.field - found.field, following.gradient - gradient
        if np.vdot(step, change) > 1e-14 * np.linalg.norm(step) * np.linalg.norm(change):
            steps.append(step)
            changes.append(change)
        found = following
        yield found


def _times_inverse_hessian(gradient, steps, changes):
    """L-BFGS two-loop recursion (Nocedal and Wright, Numerical Optimization, Algorithm 7.4)."""
    rest = gradient.copy()
    weights = []
    for step, change in zip(reversed(steps), reversed(changes), strict=True):
        curvature = 1.0 / np.vdot(step, change)
        weight = curvature * np.vdot(step, rest)
        rest -= weight * change
        weights.append((weight, curvature))
    if steps:
        rest *= np.vdot(steps[-1], changes[-1]) / np.vdot(changes[-1], changes[-1])
    for step, change, (weight, curvature) in zip(steps, changes, reversed(weights), strict=True):
        rest += (weight - curvature * np.vdot(change, rest)) * step
    return rest


def _search_line(expansion, kind, found, search, slope, length, longest):
    """Next direction along a line, with lower energy and a smaller slope; None if there is none.

    The minimum is bracketed by the signs of slopes; energies only exclude trials that are clearly
    higher.
    """
    low, low_slope, high, high_slope, lowest = 0.0, slope, None, None, None
    energy = found.log_energy
    slack = expansion.rounding * (1.0 + abs(energy))
    for _ in range(_LONGEST_SEARCH):
        trial = direction(expansion, kind, found.field + length * search)
        if not np.isfinite(trial.stiffness) or not np.isfinite(trial.form):
            raise _Fault("not_finite")
        lower = trial.log_energy <= energy + slack
        here = float(np.vdot(trial.gradient, search)) if lower else np.inf
        if lower and abs(here) <= 0.7 * abs(slope):
            return trial
        if here < 0.0:
            low, low_slope, lowest = length, here, trial
            if length >= longest:
                return trial
        else:
            high, high_slope = length, here
        if high is None:
            length = min(2.5 * length, longest)
            continue
        if np.isfinite(high_slope):
            # zero of the slope by linear interpolation, kept away from the ends of the bracket
            share = float(np.clip(low_slope / (low_slope - high_slope), 0.1, 0.9))
        else:
            share = 0.3
        length = low + share * (high - low)
    return lowest


def _map(expansion, inverse, kind, found, accelerate):
    """Generate directions along the fixed-point iteration."""
    fields, images = deque(maxlen=_DEPTH), deque(maxlen=_DEPTH)
    while True:
        mapped = (found.stiffness / found.form) * inverse.solve(found.contraction)
        fields.append(found.field)
        images.append(mapped)
        following = None
        slack = expansion.rounding * (1.0 + abs(found.log_energy))
        if accelerate and found.residual < _DECIDED and len(fields) > 1:
            mixed = direction(expansion, kind, without_translation(_mixed(fields, images)))
            if mixed.log_energy <= found.log_energy + slack:
                following = mixed
        share = 1.0
        while following is None:
            plain = direction(expansion, kind, found.field + share * (mapped - found.field))
            if not np.isfinite(plain.stiffness) or not np.isfinite(plain.form):
                raise _Fault("not_finite")
            if plain.log_energy <= found.log_energy + slack:
                following = plain
            elif share < 1e-4:
                return
            share *= 0.5
        found = following
        yield found


def _mixed(fields, images):
    """Anderson's combination of earlier images, which minimises the residual to first order."""
    rests = [image - field for field, image in zip(fields, images, strict=True)]
    differences = np.stack([(rests[-1] - rest).ravel() for rest in list(rests)[:-1]], axis=1)
    weights = np.linalg.lstsq(differences, rests[-1].ravel(), rcond=1e-12)[0]
    mixed = images[-1].copy()
    for weight, image in zip(weights, list(images)[:-1], strict=True):
        mixed -= weight * (images[-1] - image)
    return mixed
