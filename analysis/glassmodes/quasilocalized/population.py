"""Population of nonlinear modes with low stiffness in one sample, from many starts.

Each start leads to one mode, so each mode has a basin of starts, and modes with small basins are
the ones that a search can miss. How many it misses is estimated as for species in an ecological
survey: from the number of modes that were found only once, and from the growth of the number of
modes with the number of starts, averaged over all orders of the starts (rarefaction).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from glassmodes.mechanics import nonaffine_velocity, shear_strains
from glassmodes.quasilocalized import descriptors
from glassmodes.quasilocalized.excitations import SAME, Settings, solve
from glassmodes.quasilocalized.solvers import Solution

KINDS = ("quartic", "cubic")
"""Kinds of modes that are searched."""

_FEWEST_MODES = 20
_PANEL = 16


@dataclass
class Found:
    """One mode of a population.

    Attributes
    ----------
    start : str
        Name of the first start that led to it.
    solution : Solution
        The mode.
    times : int
        Number of starts that led to it.
    """

    start: str
    solution: Solution
    times: int = 1


def soft_contacts(expansion, values, vectors, count: int) -> np.ndarray:
    """Bonds with the largest response to a force dipole, no two of them at one particle.

    The response is d . M^-1 . d for a unit force dipole d along the bond. It is summed over the
    lowest modes, which make up nearly all of it where it is large.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at an inherent structure.
    values : ndarray, shape=(n,)
        Squared frequencies of the lowest modes.
    vectors : ndarray, shape=(n, N, d)
        Lowest modes, of unit norm.
    count : int
        Number of bonds.

    Returns
    -------
    ndarray, shape=(count,) or shorter, dtype=int
        Indices of bonds, the largest response first.
    """
    bond = expansion.separation / expansion.distance[:, None]
    response = np.zeros(expansion.pairs)
    for value, vector in zip(values, vectors, strict=True):
        stretch = np.einsum("pa,pa->p", bond, vector[expansion.first] - vector[expansion.second])
        response += stretch**2 / value
    taken = np.zeros(expansion.particles, dtype=bool)
    chosen = []
    for b in np.argsort(-response, kind="stable"):
        ends = [expansion.first[b], expansion.second[b]]
        if len(chosen) == count:
            break
        if not taken[ends].any():
            taken[ends] = True
            chosen.append(b)
    return np.array(chosen, dtype=int)


def dipole_responses(expansion, inverse, bonds) -> np.ndarray:
    """Displacements M^-1 d for unit force dipoles d on bonds, shape=(len(bonds), N, d).

    Parameters
    ----------
    expansion : Expansion
    inverse : glassmodes.modes.InverseHessian
    bonds : ndarray of int
        Indices of bonds.
    """
    out = np.empty((len(bonds), *expansion.positions.shape))
    for begin in range(0, len(bonds), _PANEL):
        panel = bonds[begin : begin + _PANEL]
        dipoles = np.zeros((len(panel), *expansion.positions.shape))
        bond = expansion.separation[panel] / expansion.distance[panel, None]
        rows = np.arange(len(panel))
        dipoles[rows, expansion.first[panel]] = bond
        dipoles[rows, expansion.second[panel]] = -bond
        out[begin : begin + _PANEL] = inverse.solve(dipoles)
    return out


def population_starts(expansion, inverse, harmonic_modes: int, dipoles: int, *, seed: int = 0):
    """Starts of a population: non-affine velocities, lowest harmonic modes and dipole responses.

    Parameters
    ----------
    expansion : Expansion
    inverse : glassmodes.modes.InverseHessian
    harmonic_modes : int
        Number of lowest harmonic modes.
    dipoles : int
        Number of dipole responses.
    seed : int
        Seed of the solver for the harmonic modes.

    Returns
    -------
    dict of str to ndarray, shape=(N, d)
        Fields by name.
    """
    count = max(harmonic_modes, _FEWEST_MODES if dipoles else 0)
    starts = {
        f"nonaffine_{name}": nonaffine_velocity(expansion, strain, solve=inverse.solve)
        for name, strain in shear_strains(expansion.dimension).items()
    }
    if not count:
        return starts
    values, vectors, _ = inverse.lowest(count, tolerance=1e-6, seed=seed)
    starts |= {f"harmonic_{k}": vector for k, vector in enumerate(vectors[:harmonic_modes])}
    bonds = soft_contacts(expansion, values, vectors, dipoles)
    responses = dipole_responses(expansion, inverse, bonds)
    starts |= {f"dipole_{k}": response for k, response in enumerate(responses)}
    return starts


def collect(expansion, inverse, starts, settings: Settings | None = None):
    """All distinct nonlinear modes that the starts lead to.

    Quartic modes are searched from the starts, and cubic modes from the quartic ones, or from the
    start if the quartic search failed.

    Parameters
    ----------
    expansion : Expansion
    inverse : glassmodes.modes.InverseHessian
    starts : dict of str to ndarray, shape=(N, d)
        Fields by name, from :func:`population_starts`.
    settings : Settings, optional
        Solver and tolerance.

    Returns
    -------
    dict of str to list of Found
        Modes of each kind, ascending in stiffness.
    """
    settings = settings or Settings()
    found = {kind: [] for kind in KINDS}
    cubic_of = {}
    for name, start in starts.items():
        quartic = solve(expansion, inverse, "quartic", start, settings)[0]
        number = _remember(found["quartic"], name, quartic)
        # the same quartic mode leads to the same cubic mode, which is computed once
        if number not in cubic_of or number is None:
            begin = quartic.field if quartic.converged else start
            cubic_of[number] = solve(expansion, inverse, "cubic", begin, settings)[0]
        _remember(found["cubic"], name, cubic_of[number])
    for modes in found.values():
        modes.sort(key=lambda mode: mode.solution.stiffness)
    return found


def _remember(modes, name, solution):
    """Count a mode, or add it if it is new; returns its number, None if it did not converge."""
    if not solution.converged:
        return None
    for number, mode in enumerate(modes):
        if abs(np.vdot(mode.solution.field, solution.field)) > SAME:
            mode.times += 1
            return number
    modes.append(Found(name, solution))
    return len(modes) - 1


def growth(times) -> dict[str, np.ndarray]:
    """Number of distinct modes as a function of the number of starts.

    Parameters
    ----------
    times : array_like of int
        Number of starts that led to each mode; T starts in all.

    Returns
    -------
    dict of ndarray, shape=(T,)
        starts: n = 1, ..., T. distinct: number of modes found by n of the T starts, averaged over
        all choices of n. coverage: probability that one more start leads to a known mode, by Good
        and Turing: 1 less the number of modes found once over n. total: Chao's lower bound on the
        number of modes that can be reached, for n = T only (NaN before).
    """
    times = np.asarray(times, dtype=int)
    all_starts = int(times.sum())
    n = np.arange(1, all_starts + 1)[:, None]

    def log_binomial(top, bottom):
        inside = (bottom >= 0) & (bottom <= top)
        value = gammaln(top + 1.0) - gammaln(bottom + 1.0) - gammaln(top - bottom + 1.0)
        return np.where(inside, value, -np.inf)

    with np.errstate(invalid="ignore"):
        missed = np.exp(log_binomial(all_starts - times, n) - log_binomial(all_starts, n))
        once = times * np.exp(log_binomial(all_starts - times, n - 1) - log_binomial(all_starts, n))
    ones, twos = int((times == 1).sum()), int((times == 2).sum())
    total = np.full(all_starts, np.nan)
    if all_starts:
        total[-1] = len(times) + ones * (ones - 1) / (2.0 * (twos + 1))
    return {
        "starts": n[:, 0],
        "distinct": (1.0 - missed).sum(axis=1),
        "coverage": 1.0 - once.sum(axis=1) / n[:, 0],
        "total": total,
    }


def population_rows(expansion, found) -> list[dict]:
    """Rows of the table `quasilocalized_population`, without the columns ensemble and sample.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at the inherent structure.
    found : dict of str to list of Found
        Modes of each kind, from :func:`collect`.

    Returns
    -------
    list of dict
    """
    forces = descriptors.shear_forces(expansion)
    rows = []
    for kind, modes in found.items():
        for number, mode in enumerate(modes):
            field = descriptors.with_positive_tau(expansion, mode.solution.field)
            seen = descriptors.anharmonicity(expansion, field)
            names = ("frequency", "stiffness", "cubic", "quartic", "participation_ratio")
            rows.append(
                {
                    "kind": kind,
                    "mode": number,
                    "start": mode.start,
                    "times_found": mode.times,
                    **{name: seen[name] for name in names},
                    "residual": mode.solution.residual,
                    "shear_coupling": descriptors.shear_couplings(field, forces)["simple_xy"],
                    "core": descriptors.core(field),
                }
            )
    return rows


def growth_rows(found) -> list[dict]:
    """Rows of the table `quasilocalized_growth`, without the columns ensemble and sample.

    Parameters
    ----------
    found : dict of str to list of Found
        Modes of each kind, from :func:`collect`.

    Returns
    -------
    list of dict
    """
    rows = []
    for kind, modes in found.items():
        curve = growth([mode.times for mode in modes])
        rows += [
            {"kind": kind, **dict(zip(curve, point, strict=True))}
            for point in zip(*(column.tolist() for column in curve.values()), strict=True)
        ]
    return rows
