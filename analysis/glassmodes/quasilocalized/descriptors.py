"""Properties of quasilocalized excitations: localisation, anharmonicity, coupling to shear.

Equation numbers are those of Kapteijns, Richard and Lerner, arXiv:1912.10930 (2020).
"""

from __future__ import annotations

import numpy as np

from glassmodes.mechanics import shear_strains, strain_derivatives
from glassmodes.modes import participation_ratio
from glassmodes.quasilocalized.energies import without_translation


def shear_forces(expansion) -> dict[str, np.ndarray]:
    """Xi = d2U/(dgamma dr) of each simple and pure shear, by name, shape=(N, d) each.

    The names are those of :func:`glassmodes.mechanics.shear_strains`.
    """
    return {
        name: strain_derivatives(expansion, strain)[1]
        for name, strain in shear_strains(expansion.dimension).items()
    }


def shear_couplings(field, forces) -> dict[str, float]:
    """Coupling nu = Xi . z of a field to each shear (defined after Eq. 29).

    Parameters
    ----------
    field : ndarray, shape=(N, d)
        z, of unit norm.
    forces : dict of str to ndarray, shape=(N, d)
        Xi of each shear, from :func:`shear_forces`.

    Returns
    -------
    dict of str to float
    """
    return {name: float(np.vdot(force, field)) for name, force in forces.items()}


def anharmonicity(expansion, field) -> dict[str, float]:
    """Expansion coefficients of the energy along a field, and quantities derived from them.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
        Derivatives of the energy at the inherent structure.
    field : ndarray, shape=(N, d)
        z, of unit norm.

    Returns
    -------
    dict of str to float
        stiffness kappa (Eq. 11), frequency sqrt(kappa), cubic tau (Eq. 28), quartic chi (Eq. 10),
        participation_ratio e (Eq. 14), participants N e, cubic_energy E_3 (Eq. 31), quartic_energy
        E_4 (Eq. 12), quartic_response |U'''':zzz / chi| (Fig. 9a).
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
    """The field z or -z, whichever has tau = U''':zzz >= 0.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
        Derivatives of the energy at the inherent structure.
    field : ndarray, shape=(N, d)
        z; returned as it is if it is not finite.

    Returns
    -------
    ndarray, shape=(N, d)
    """
    if not np.isfinite(field).all():
        return field
    return -field if np.vdot(field, expansion.contractions(field, quartic=False)[1]) < 0 else field


def aligned(field, other) -> np.ndarray:
    """The field z or -z, whichever has a positive overlap with another field.

    Parameters
    ----------
    field, other : ndarray, shape=(N, d)
        z and the other field.

    Returns
    -------
    ndarray, shape=(N, d)
    """
    return -field if np.vdot(field, other) < 0.0 else field


def difference(expansion, field, harmonic):
    """Difference Delta of a nonlinear mode and a harmonic mode with equal signs.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
        Derivatives of the energy at the inherent structure.
    field, harmonic : ndarray, shape=(N, d)
        The modes z and psi, of unit norm.

    Returns
    -------
    delta : ndarray, shape=(N, d)
        z - psi, with the sign of z that makes the overlap positive.
    norm : float
        |Delta|; 1 - |z . psi| = |Delta|^2 / 2 (Eq. 19).
    stiffness : float
        M:DD of D = Delta / |Delta| (Eq. 24); NaN if Delta vanishes.
    """
    delta = without_translation(aligned(field, harmonic) - harmonic)
    norm = float(np.linalg.norm(delta))
    if norm < 1e-12:
        return delta, norm, np.nan
    return delta, norm, float(np.vdot(delta, expansion.hessian_product(delta))) / norm**2


def core(field) -> int:
    """Index of the particle with the largest component."""
    return int(np.argmax((field**2).sum(axis=1)))


def decay_profile(field, positions, box, *, width=None) -> dict[str, np.ndarray]:
    """Squared components of a field as a function of the distance from its core.

    The centre of the core is the mean position of the particles within two shell widths of the one
    that moves most, weighted by their squared components. Shells extend to half the shortest box
    edge; empty ones are left out.

    Parameters
    ----------
    field, positions : ndarray, shape=(N, d)
    box : ndarray, shape=(d,)
        Edge lengths of the periodic box.
    width : float, optional
        Width of a shell; a_0 = (V/N)^(1/d) by default.

    Returns
    -------
    dict of ndarray, shape=(shells,)
        distance (centre of the shell), median_square and mean_square (of z_i . z_i over the
        particles of the shell), particles (their number).
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
