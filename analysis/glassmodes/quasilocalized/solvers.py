"""Two independent solvers of M z = (kappa / form) c.

:func:`minimise` goes down the energy function by L-BFGS on the sphere of unit fields. It needs
products with fields alone, of whatever origin. Steps are accepted by slopes, as in the authors'
macopt: near a minimum differences of energies are below rounding long before the residual is.
That, and nothing else, is why no library's L-BFGS is called: SciPy's stops at residuals of 1e-7.

:func:`iterate` solves the fixed-point equation z <- (kappa / form) M^-1 c (Khomenko, Reichman and
Zamponi, Phys. Rev. Materials 2021, Eq. 6, and its quartic twin) with a factorisation of M. The
map goes down the energy function too, since z - (kappa / form) M^-1 c = (kappa / 2p) M^-1 gradient;
where it goes too far its step is halved. It is Anderson's method that makes it fast, from the
moment at which the residual says that the mode is decided: its step replaces that of the map
where the energy function falls by it.

Started near a mode both end in it. Where the start is far from every mode they may part, since
the map takes long steps and a descent short ones: in 3D IPL glasses never for the quartic mode of
the lowest harmonic one, for one cubic mode in sixteen (the quartic mode's tau nearly vanishes, and
two cubic modes lie on either side of it), for one second quartic mode in eight.

Neither raises for what a field does: `outcome` says how a solver ended.

==============  ==================================================================================
converged       residual within the tolerance
limit           iterations used up
stalled         no step makes the residual smaller: rounding, or an ill-conditioned mode
translation     nothing is left of the field without its rigid translation
unstable        stiffness not positive, or zero on the scale of the Hessian: no minimum
wrong_sign      tau is zero, or chi not positive: the energy function has no minimum there
not_finite      NaN or infinity
==============  ==================================================================================
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from glassmodes.quasilocalized.energies import Direction, direction, without_translation

TOLERANCE = 1e-10
"""Of the residual; that of the authors' code on the same quotient."""

MOST_ITERATIONS = 20_000
"""Default limit of :func:`minimise`, which has no preconditioner."""

MOST_MAPS = 500
"""Default limit of :func:`iterate`."""

SOFTEST = 1e-10
"""Stiffness that counts as zero, over |M z|, to which stiff directions contribute most."""

_MEMORY, _DEPTH = 20, 8
_DECIDED = 0.3
_LONGEST_ROTATION = 0.5
_LONGEST_SEARCH = 20
# iterations without progress before a residual below 1e-6 counts as the best there is; the
# residual of a descent goes up and down
_DESCENT_PATIENCE, _MAP_PATIENCE = 400, 40


@dataclass(frozen=True)
class Solution:
    """Where a solver ended.

    Attributes
    ----------
    field : ndarray, shape=(N, d)
        Of unit norm, tau > 0 for cubic modes; NaN where there is none.
    outcome : str
        See the module.
    residual : float
        |M z - (kappa / form) c| / |M z|.
    iterations : int
    stiffness, form : float
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
        return self.outcome == "converged"


class _Fault(Exception):
    """A field that no solver can go on from; its argument is the outcome."""


def _checked(expansion, kind, field) -> Direction:
    """The direction of a field, or the reason why there is none."""
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
    return not found.stiffness > SOFTEST * np.linalg.norm(found.image)


def _solution(found: Direction | None, outcome, iterations, began, shape) -> Solution:
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
    """Follow the directions that a solver yields until one is good enough, or none comes."""
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
            # what only creeps at the edge of rounding is no progress
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
    """Minimise an energy function by L-BFGS on the sphere of unit fields.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
    kind : {"cubic", "quartic", "pseudo_harmonic"}
    start : ndarray, shape=(N, d)
        Of any norm; its translation is taken out.
    tolerance : float
        Of the residual.
    max_iterations : int

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
    """Iterate z <- (kappa / form) M^-1 c.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
    inverse : glassmodes.modes.InverseHessian
    kind, start, tolerance, max_iterations
        As of :func:`minimise`; an iteration is one map.
    accelerate : bool
        False: the map alone, which defines what the accelerated one converges to.

    Returns
    -------
    Solution
    """
    return _run(
        lambda found: _map(expansion, inverse, kind, found, accelerate),
        *(expansion, kind, start, tolerance, max_iterations, _MAP_PATIENCE),
    )


def _descend(expansion, kind, found):
    """Directions along an L-BFGS descent, each lower than the one before."""
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
    """The two loops of L-BFGS (Nocedal and Wright, Numerical Optimization, Algorithm 7.4)."""
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
    """The next direction along a line, or None: it is lower, and its slope is a part of the first.

    Signs of slopes bracket the minimum; energies only refuse what is plainly higher.
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
            # zero of the slope if it were linear, well inside the bracket
            share = float(np.clip(low_slope / (low_slope - high_slope), 0.1, 0.9))
        else:
            share = 0.3
        length = low + share * (high - low)
    return lowest


def _map(expansion, inverse, kind, found, accelerate):
    """Directions along the fixed-point iteration."""
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
    """Anderson's combination of earlier images, whose residual is smallest to first order."""
    rests = [image - field for field, image in zip(fields, images, strict=True)]
    differences = np.stack([(rests[-1] - rest).ravel() for rest in list(rests)[:-1]], axis=1)
    weights = np.linalg.lstsq(differences, rests[-1].ravel(), rcond=1e-12)[0]
    mixed = images[-1].copy()
    for weight, image in zip(weights, list(images)[:-1], strict=True):
        mixed -= weight * (images[-1] - image)
    return mixed
