"""What a quasilocalized excitation looks like: localisation, anharmonicity, coupling to shear."""

from __future__ import annotations

import numpy as np

from glassmodes.mechanics import shear_strains, strain_derivatives
from glassmodes.modes import participation_ratio
from glassmodes.quasilocalized.energies import without_translation


def shear_forces(expansion) -> dict[str, np.ndarray]:
    """Xi = d2U/(dgamma dx) of every simple and pure shear, by name, shape=(N, d) each."""
    return {
        name: strain_derivatives(expansion, strain)[1]
        for name, strain in shear_strains(expansion.dimension).items()
    }


def shear_couplings(field, forces) -> dict[str, float]:
    """nu = Xi . z of every shear (Kapteijns et al. 2020, after Eq. 29).

    Parameters
    ----------
    field : ndarray, shape=(N, d)
        Of unit norm.
    forces : dict of str to ndarray, shape=(N, d)
        Of :func:`shear_forces`.
    """
    return {name: float(np.vdot(force, field)) for name, force in forces.items()}


def anharmonicity(expansion, field) -> dict[str, float]:
    """Expansion coefficients of a unit field, and what follows from them.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
    field : ndarray, shape=(N, d)

    Returns
    -------
    dict
        stiffness kappa, cubic tau, quartic chi, frequency, participation_ratio e, participants
        N e, cubic_energy E_3, quartic_energy E_4, quartic_response |U'''':zzz / chi| (Eqs 10-14,
        28, 31, Fig. 9a).
    """
    image, quadratic, cubic = expansion.contractions(field)
    kappa, tau, chi = (float(np.vdot(field, part)) for part in (image, quadratic, cubic))
    ratio = float(participation_ratio(field))
    return {
        "stiffness": kappa,
        "frequency": float(np.sign(kappa) * np.sqrt(abs(kappa))),
        "cubic": tau,
        "quartic": chi,
        "participation_ratio": ratio,
        "participants": ratio * len(field),
        "cubic_energy": kappa**3 / tau**2 if tau else np.nan,
        "quartic_energy": kappa**2 / chi if chi else np.nan,
        "quartic_response": float(np.linalg.norm(cubic)) / abs(chi) if chi else np.nan,
    }


def with_positive_tau(expansion, field) -> np.ndarray:
    """A field, or its opposite: the one along which the third derivative is positive."""
    if not np.isfinite(field).all():
        return field
    return -field if np.vdot(field, expansion.contractions(field, quartic=False)[1]) < 0 else field


def aligned(field, other) -> np.ndarray:
    """A field with the sign that makes its overlap with another positive."""
    return -field if np.vdot(field, other) < 0.0 else field


def difference(expansion, field, harmonic):
    """Delta = z - psi with signs alike, its norm, and the stiffness of its direction.

    Parameters
    ----------
    field, harmonic : ndarray, shape=(N, d)
        Of unit norm.

    Returns
    -------
    delta : ndarray, shape=(N, d)
    norm : float
        1 - |z . psi| = norm^2 / 2 (Eq. 19).
    stiffness : float
        M:DD of D = Delta / |Delta| (Eq. 24); NaN where Delta vanishes.
    """
    delta = without_translation(aligned(field, harmonic) - harmonic)
    norm = float(np.linalg.norm(delta))
    if norm < 1e-12:
        return delta, norm, np.nan
    return delta, norm, float(np.vdot(delta, expansion.hessian_product(delta))) / norm**2


def core(field) -> int:
    """The particle that moves most."""
    return int(np.argmax((field**2).sum(axis=1)))


def decay_profile(field, positions, box, *, width=None) -> dict[str, np.ndarray]:
    """Squared components against the distance from the core.

    The core's place is the mean of the positions near the particle that moves most, weighted
    with their squared components. Shells reach half the shortest edge of the box; empty ones are
    left out.

    Parameters
    ----------
    field, positions : ndarray, shape=(N, d)
    box : ndarray, shape=(d,)
    width : float, optional
        Of a shell; a_0 = (V/N)^(1/d) by default.

    Returns
    -------
    dict of ndarray, shape=(shells,)
        distance (centre of the shell), median_square, mean_square, particles.
    """
    squares = (field**2).sum(axis=1)
    if width is None:
        width = (np.prod(box) / len(positions)) ** (1.0 / len(box))

    def separation(centre):
        step = positions - centre
        return step - box * np.rint(step / box)

    centre = positions[core(field)]
    step = separation(centre)
    weights = squares * ((step**2).sum(axis=1) < (2.0 * width) ** 2)
    centre = centre + (weights[:, None] * step).sum(axis=0) / weights.sum()
    distance = np.sqrt((separation(centre) ** 2).sum(axis=1))
    shell = (distance / width).astype(int)
    rows = [
        ((k + 0.5) * width, np.median(squares[shell == k]), squares[shell == k].mean(), count)
        for k, count in enumerate(np.bincount(shell))
        if count and (k + 1) * width <= 0.5 * min(box)
    ]
    names = ("distance", "median_square", "mean_square", "particles")
    columns = zip(*rows, strict=True) if rows else ([],) * len(names)
    return {name: np.array(column) for name, column in zip(names, columns, strict=True)}
