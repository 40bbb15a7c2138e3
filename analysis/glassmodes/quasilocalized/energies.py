"""Energy functions whose minima are nonlinear quasilocalized excitations.

A field z without uniform translation has the stiffness kappa = M:zz / z.z and one form of degree p
in z. The energy function of its kind depends on the direction of z alone. For |z| = 1 these are

====================  ===============================  =============  =========================
kind                  form                             p              energy
====================  ===============================  =============  =========================
cubic                 tau = U''':zzz                   3              E_3 = kappa^3 / tau^2
quartic               chi = U'''':zzzz                 4              E_4 = kappa^2 / chi
pseudo_harmonic       sum over pairs of (z_ij.z_ij)^2  4              kappa^2 / form
====================  ===============================  =============  =========================

(Kapteijns, Richard and Lerner, arXiv:1912.10930 (2020), Eqs 12 and 31; pseudo-harmonic modes are
those of later code of the same authors). Let c be the contraction of the form with z in all but one
place. The gradient of p ln kappa - 2 ln |form| is 2 p (M z / kappa - c / form), so a minimum solves

    M z = (kappa / form) c                                                  (Eqs 8 and 26).

Every kind and every solver uses the same measure of convergence:

    residual = |M z - (kappa / form) c| / |M z|.

An `expansion` is a :class:`glassmodes.landscape.Expansion` or any other object with the method
`contractions`, such as :class:`glassmodes.quasilocalized.ForceExpansion`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEGREES = {"cubic": 3, "quartic": 4, "pseudo_harmonic": 4}
"""Degree p of the form of each kind."""


@dataclass(frozen=True)
class Direction:
    """A field of unit norm, with the value and the gradient of its energy function.

    Attributes
    ----------
    field : ndarray, shape=(N, d)
        z, of unit norm.
    kind : str
        Kind of the energy function, one of :data:`DEGREES`.
    stiffness, form : float
        kappa and the form of the kind.
    image, contraction : ndarray, shape=(N, d)
        M z and c.
    """

    field: np.ndarray
    kind: str
    stiffness: float
    form: float
    image: np.ndarray
    contraction: np.ndarray

    @property
    def degree(self) -> int:
        """Degree p of the form."""
        return DEGREES[self.kind]

    @property
    def log_energy(self) -> float:
        """p ln kappa - 2 ln |form|; infinite if kappa or the form has the wrong sign."""
        if not (self.stiffness > 0.0 and self.has_form):
            return np.inf
        return float(self.degree * np.log(self.stiffness) - 2.0 * np.log(abs(self.form)))

    @property
    def has_form(self) -> bool:
        """Whether the form is finite and has an admissible sign: chi > 0, tau not zero."""
        return bool(np.isfinite(self.form)) and (
            self.form != 0.0 if self.kind == "cubic" else self.form > 0.0
        )

    @property
    def gradient(self) -> np.ndarray:
        """Gradient of `log_energy` with respect to z at |z| = 1, orthogonal to z, shape=(N, d)."""
        return (2.0 * self.degree) * (self.image / self.stiffness - self.contraction / self.form)

    @property
    def residual(self) -> float:
        """|M z - (kappa / form) c| / |M z|."""
        rest = self.image - (self.stiffness / self.form) * self.contraction
        return float(np.linalg.norm(rest) / np.linalg.norm(self.image))


def without_translation(field) -> np.ndarray:
    """A field without its uniform translation, shape=(N, d)."""
    return field - field.mean(axis=0)


def direction(expansion, kind: str, field) -> Direction:
    """Normalise a field and compute its stiffness, its form and their gradients.

    Parameters
    ----------
    expansion : Expansion or ForceExpansion
        Derivatives of the energy.
    kind : {"cubic", "quartic", "pseudo_harmonic"}
    field : ndarray, shape=(N, d)
        Field of any norm; the caller removes its uniform translation if it has one.

    Returns
    -------
    Direction
    """
    field = field / np.linalg.norm(field)
    if kind == "cubic":
        image, contraction, _ = expansion.contractions(field, quartic=False)
    elif kind == "quartic":
        image, _, contraction = expansion.contractions(field, cubic=False)
    else:
        image, contraction = (
            expansion.hessian_product(field),
            expansion.pair_quartic_contraction(field),
        )
    return Direction(
        field,
        kind,
        float(np.vdot(field, image)),
        float(np.vdot(field, contraction)),
        image,
        contraction,
    )
