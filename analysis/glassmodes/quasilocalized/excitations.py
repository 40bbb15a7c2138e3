"""Quasilocalized excitations of one sample: harmonic, quartic, cubic and further modes.

The lowest harmonic mode leads to a quartic mode, and that to a cubic mode (Kapteijns, Richard and
Lerner, arXiv:1912.10930 (2020), Appendix B). If a harmonic mode is a mixture of two soft spots, the
second quartic mode, searched from the difference of quartic and harmonic mode, is the other one.
One factorisation of the Hessian serves all modes, the moduli and the non-affine velocities.

The sign of every mode is the one for which its third derivative tau = U''':zzz is positive.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, fields

import numpy as np

from glassmodes.mechanics import ElasticModuli, elastic_moduli, nonaffine_velocity, shear_strains
from glassmodes.modes import InverseHessian
from glassmodes.quasilocalized import descriptors
from glassmodes.quasilocalized.solvers import TOLERANCE, iterate, minimise
from glassmodes.randomness import random_stream

KINDS = ("harmonic", "quartic", "cubic", "second_quartic", "pseudo_harmonic")
"""Kinds of excitations, in the order of the table."""

SOLVERS = ("fixed_point", "minimisation", "both")
"""Choices of the solver."""

SAME = 0.999
"""Overlap above which two fields count as the same mode, as in the code of the method's authors."""


@dataclass(frozen=True)
class Settings:
    """What is searched in a sample, and how.

    Attributes
    ----------
    harmonic_modes : int
        Number of lowest harmonic modes from which nonlinear modes are searched.
    nonaffine_starts : bool
        Whether the cubic mode of the lowest harmonic mode is searched from the non-affine
        velocities of all shears, too; the softest mode is kept.
    second_quartic, pseudo_harmonic : bool
        Whether modes of these kinds are searched.
    solver : str
        `fixed_point` (and minimisation where it fails), `minimisation`, or `both`: the mode of the
        first one, and its overlap with that of the second.
    tolerance : float
        Bound on the residual.

    Raises
    ------
    ValueError
        If the solver is unknown.
    """

    harmonic_modes: int = 1
    nonaffine_starts: bool = False
    second_quartic: bool = True
    pseudo_harmonic: bool = False
    solver: str = "fixed_point"
    tolerance: float = TOLERANCE

    @classmethod
    def of_block(cls, block) -> Settings:
        """Settings from the block of the study `quasilocalized` in a campaign file."""
        return cls(**{one.name: block[one.name] for one in fields(cls)})

    def __post_init__(self):
        if self.solver not in SOLVERS:
            raise ValueError(f"solver: {self.solver!r} is not one of {', '.join(SOLVERS)}")


def solver_seed(campaign_seed: int, ensemble: str, sample: int) -> int:
    """Seed of the start vectors of the solver for the lowest modes of one sample.

    Parameters
    ----------
    campaign_seed : int
        Seed of the campaign.
    ensemble : str
        Name of the ensemble.
    sample : int
        Index of the sample within its ensemble.
    """
    return int(random_stream(campaign_seed, ensemble, sample, "quasilocalized").integers(2**31))


@dataclass(frozen=True)
class Excitation:
    """One excitation that was searched, found or not.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    mode : int
        Number of the harmonic mode from which it was searched.
    start : str
        Name of the field from which the solver started.
    vector : ndarray, shape=(N, d)
        Mode of unit norm; NaN if the solver found none.
    outcome : str
        How the solver ended (:mod:`glassmodes.quasilocalized.solvers`).
    residual : float
        Residual of the mode.
    iterations : int
        Number of iterations of the solver.
    seconds : float
        Wall time of the solver.
    overlap_solvers : float
        |overlap| of the modes of both solvers; NaN if one of them was run or failed.
    """

    kind: str
    mode: int
    start: str
    vector: np.ndarray
    outcome: str
    residual: float
    iterations: int
    seconds: float
    overlap_solvers: float = np.nan

    @property
    def converged(self) -> bool:
        """Whether the outcome is "converged"."""
        return self.outcome == "converged"


@dataclass(frozen=True)
class SampleExcitations:
    """All excitations of one sample.

    Attributes
    ----------
    excitations : list of Excitation
        Every excitation that was searched.
    moduli : ElasticModuli
        Elastic moduli of the inherent structure.
    second_frequency : float
        Angular frequency of the harmonic mode above those from which modes were searched.
    seconds : float
        Wall time of everything.
    """

    excitations: list[Excitation]
    moduli: ElasticModuli
    second_frequency: float = np.nan
    seconds: float = np.nan

    def get(self, kind: str, mode: int = 0) -> Excitation | None:
        """The excitation of a kind and number; None if it was not searched."""
        for excitation in self.excitations:
            if (excitation.kind, excitation.mode) == (kind, mode):
                return excitation
        return None


def solve(expansion, inverse, kind, start, settings):
    """Solve for one nonlinear mode with the solver of the settings.

    Parameters
    ----------
    expansion : Expansion
    inverse : glassmodes.modes.InverseHessian
    kind : {"cubic", "quartic", "pseudo_harmonic"}
    start : ndarray, shape=(N, d)
    settings : Settings

    Returns
    -------
    solution : Solution
    overlap : float
        |overlap| of the modes of both solvers; NaN if one of them was run or failed.
    """
    overlap = np.nan
    if settings.solver == "minimisation":
        return minimise(expansion, kind, start, tolerance=settings.tolerance), overlap
    found = iterate(expansion, inverse, kind, start, tolerance=settings.tolerance)
    if settings.solver == "both" or found.outcome in ("limit", "stalled"):
        other = minimise(expansion, kind, start, tolerance=settings.tolerance)
        if found.converged and other.converged:
            overlap = float(abs(np.vdot(found.field, other.field)))
        if other.converged and not found.converged:
            found = other
    return found, overlap


def find_excitations(expansion, settings=None, *, inverse=None, seed: int = 0) -> SampleExcitations:
    """Quasilocalized excitations and elastic moduli of one inherent structure without rattlers.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at the inherent structure.
    settings : Settings, optional
        What is searched, and how.
    inverse : glassmodes.modes.InverseHessian, optional
        Existing factorisation of the Hessian; it is computed here without it.
    seed : int
        Seed of the start vectors of the solver for the lowest modes.

    Returns
    -------
    SampleExcitations
        An excitation that no solver found is included, with its outcome.

    Raises
    ------
    NotDefiniteError
        If the configuration is not a minimum.
    ModeError
        If the lowest modes were not found.
    """
    settings = settings or Settings()
    began = time.perf_counter()
    if inverse is not None:
        return _find(expansion, inverse, settings, seed, began)
    with InverseHessian.of_expansion(expansion) as inverse:
        return _find(expansion, inverse, settings, seed, began)


def _find(expansion, inverse, settings, seed, began):
    """Excitations and moduli with a given factorisation; see :func:`find_excitations`."""
    lap = time.perf_counter()
    count = settings.harmonic_modes
    values, vectors, residuals = inverse.lowest(count + 1, seed=seed)
    seconds = (time.perf_counter() - lap) / count
    excitations = []

    def sought(kind, mode, starts, energy=None):
        """Search from several starts and keep the softest mode."""
        found = []
        for name, start in starts.items():
            solution, overlap = solve(expansion, inverse, energy or kind, start, settings)
            found.append((solution, overlap, name))
        # failures count as infinitely stiff; among equals the first start is kept
        softest = min(found, key=lambda item: item[0].stiffness if item[0].converged else np.inf)
        solution, overlap, name = softest
        vector = descriptors.with_positive_tau(expansion, solution.field)
        spent = sum(item[0].seconds for item in found)
        excitations.append(
            Excitation(
                *(kind, mode, name, vector, solution.outcome, solution.residual),
                *(solution.iterations, spent, overlap),
            )
        )
        return excitations[-1]

    for mode in range(count):
        psi = descriptors.with_positive_tau(expansion, vectors[mode])
        excitations.append(
            Excitation("harmonic", mode, "lanczos", psi, "converged", residuals[mode], 0, seconds)
        )
        quartic = sought("quartic", mode, {"harmonic": psi})
        usable = quartic.converged
        starts = {"quartic": quartic.vector} if usable else {"harmonic": psi}
        if settings.nonaffine_starts and mode == 0:
            for name, strain in shear_strains(expansion.dimension).items():
                starts[f"nonaffine_{name}"] = nonaffine_velocity(
                    expansion, strain, solve=inverse.solve
                )
        sought("cubic", mode, starts)
        if settings.second_quartic and usable:
            delta, _, _ = descriptors.difference(expansion, quartic.vector, psi)
            sought("second_quartic", mode, {"difference": delta}, "quartic")
        if settings.pseudo_harmonic:
            sought("pseudo_harmonic", mode, {"harmonic": psi})
    moduli = elastic_moduli(expansion, solve=inverse.solve)
    return SampleExcitations(
        excitations,
        moduli,
        float(np.sqrt(values[count])) if len(values) > count else np.nan,
        time.perf_counter() - began,
    )


def excitation_rows(expansion, found: SampleExcitations) -> list[dict]:
    """Rows of the table `quasilocalized`, without the columns ensemble and sample.

    They are in the order of :data:`KINDS` for each harmonic mode. The numbers of a mode that no
    solver found are NaN; its outcome says why.

    Parameters
    ----------
    expansion : Expansion
        Expansion of the energy at the inherent structure.
    found : SampleExcitations
        Excitations of the sample.

    Returns
    -------
    list of dict
    """
    forces = descriptors.shear_forces(expansion)
    rows = []
    for one in sorted(found.excitations, key=lambda e: (e.mode, KINDS.index(e.kind))):
        row = {
            "kind": one.kind,
            "mode": one.mode,
            "start": one.start,
            "residual": float(one.residual),
            "iterations": one.iterations,
            "converged": one.converged,
            "outcome": one.outcome,
            "overlap_solvers": one.overlap_solvers,
            "seconds": one.seconds,
        }
        exists = bool(np.isfinite(one.vector).all())
        for other in ("harmonic", "quartic", "cubic"):
            partner = found.get(other, one.mode)
            row[f"overlap_{other}"] = (
                float(abs(np.vdot(one.vector, partner.vector)))
                if exists and partner is not None
                else np.nan
            )
        if exists:
            row.update(descriptors.anharmonicity(expansion, one.vector))
            couplings = descriptors.shear_couplings(one.vector, forces)
            harmonic = found.get("harmonic", one.mode).vector
            _, norm, stiffness = descriptors.difference(expansion, one.vector, harmonic)
            row["difference"], row["difference_stiffness"] = norm, stiffness
        else:
            couplings = dict.fromkeys(forces, np.nan)
            names = ("stiffness", "frequency", "cubic", "quartic", "participation_ratio")
            names += ("participants", "cubic_energy", "quartic_energy", "quartic_response")
            row.update(dict.fromkeys((*names, "difference", "difference_stiffness"), np.nan))
        row["shear_coupling"] = couplings["simple_xy"]
        row["shear_coupling_rms"] = float(np.sqrt(np.mean(np.square(list(couplings.values())))))
        row.update({f"shear_coupling_{name}": nu for name, nu in couplings.items()})
        rows.append(row)
    return rows


def profile_rows(found: SampleExcitations, positions, box) -> list[dict]:
    """Rows of the table `quasilocalized_profiles` for all converged modes of one sample.

    Parameters
    ----------
    found : SampleExcitations
        Excitations of the sample.
    positions : ndarray, shape=(N, d)
        Inherent structure.
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.

    Returns
    -------
    list of dict
    """
    rows = []
    for one in found.excitations:
        if not one.converged:
            continue
        profile = descriptors.decay_profile(one.vector, positions, box)
        rows += [
            {"kind": one.kind, "mode": one.mode, **dict(zip(profile, shell, strict=True))}
            for shell in zip(*(column.tolist() for column in profile.values()), strict=True)
        ]
    return rows
