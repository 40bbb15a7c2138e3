"""The low-lying nonlinear excitations of one sample, from many starts.

A start belongs to the excitation that the solver takes it to, so each excitation has a basin, and
what a sweep can miss are excitations of small basins. How much it misses is judged as for
species in a survey: by how many were found just once, and by the growth of their number with
the number of starts, averaged over all orders of the starts (rarefaction).
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

_FEWEST_MODES = 20
_PANEL = 16


@dataclass
class Found:
    """One excitation of a population.

    Attributes
    ----------
    start : str
        First start that led to it.
    solution : Solution
    times : int
        Starts that led to it.
    """

    start: str
    solution: Solution
    times: int = 1


def soft_contacts(expansion, values, vectors, count: int) -> np.ndarray:
    """Contacts whose dipole response is largest, no two at one particle.

    d . M^-1 . d of a force dipole d is summed over the lowest modes, which make nearly all of it
    where it is large.

    Parameters
    ----------
    expansion : Expansion
    values : ndarray, shape=(n,)
        Squared frequencies of the lowest modes.
    vectors : ndarray, shape=(n, N, d)
    count : int

    Returns
    -------
    ndarray, shape=(count,) or shorter, dtype=int
        Bonds, the softest first.
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
    """M^-1 of unit force dipoles on bonds, shape=(len(bonds), N, d)."""
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
    """Names and fields of the starts: non-affine velocities, low modes, dipole responses.

    Returns
    -------
    dict of str to ndarray, shape=(N, d)
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
    """All distinct excitations that the starts lead to.

    Quartic modes are sought from the starts, cubic modes from the quartic ones (from the start
    itself where that failed).

    Parameters
    ----------
    expansion : Expansion
    inverse : InverseHessian
    starts : dict of str to ndarray, shape=(N, d)
    settings : Settings, optional

    Returns
    -------
    dict of str to list of Found
        By kind, ascending in stiffness.
    """
    settings = settings or Settings()
    found = {kind: [] for kind in KINDS}
    cubic_of = {}
    for name, start in starts.items():
        quartic = solve(expansion, inverse, "quartic", start, settings)[0]
        number = _remember(found["quartic"], name, quartic)
        # one quartic mode always leads to the same cubic one
        if number not in cubic_of or number is None:
            begin = quartic.field if quartic.converged else start
            cubic_of[number] = solve(expansion, inverse, "cubic", begin, settings)[0]
        _remember(found["cubic"], name, cubic_of[number])
    for modes in found.values():
        modes.sort(key=lambda mode: mode.solution.stiffness)
    return found


def _remember(modes, name, solution):
    """Count a solution with the mode that it is, or as a new one; its number, None if it failed."""
    if not solution.converged:
        return None
    for number, mode in enumerate(modes):
        if abs(np.vdot(mode.solution.field, solution.field)) > SAME:
            mode.times += 1
            return number
    modes.append(Found(name, solution))
    return len(modes) - 1


def growth(times) -> dict[str, np.ndarray]:
    """How the number of distinct modes grows with the number of starts.

    Parameters
    ----------
    times : array_like of int
        How often each mode was found; T starts in all.

    Returns
    -------
    dict of ndarray, shape=(T,)
        starts n = 1 ... T; distinct, the modes that n of the T starts find, averaged over all
        choices of n; coverage, the chance that one more start finds a known mode (Good and
        Turing: one less the modes found once over n); total, Chao's lower bound on the number of
        modes in reach, at n = T alone (NaN before).
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
    """Rows of the table `quasilocalized_population`."""
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
    """Rows of the table `quasilocalized_growth`."""
    rows = []
    for kind, modes in found.items():
        curve = growth([mode.times for mode in modes])
        rows += [
            {"kind": kind, **dict(zip(curve, point, strict=True))}
            for point in zip(*(column.tolist() for column in curve.values()), strict=True)
        ]
    return rows
