"""The energy functions whose minima are nonlinear quasilocalized excitations.

A field z of unit norm without rigid translation has a stiffness kappa = M:zz and one form of degree
p in z; its energy function is that of a direction, independent of |z|:

====================  ===============================  =============  =========================
kind                  form                             p              energy
====================  ===============================  =============  =========================
cubic                 tau = U''':zzz                   3              E_3 = kappa^3 / tau^2
quartic               chi = U'''':zzzz                 4              E_4 = kappa^2 / chi
pseudo_harmonic       sum over pairs of (z_ij.z_ij)^2  4              kappa^2 / form
====================  ===============================  =============  =========================

(Kapteijns, Richard and Lerner, J. Chem. Phys. 2020, Eqs 12 and 31; pseudo-harmonic modes are those
of the authors' later code.) With c the contraction of the form with all but one z, the gradient of
p ln kappa - 2 ln |form| is 2 p (M z / kappa - c / form), so that a minimum solves

    M z = (kappa / form) c                                                  (Eqs 8 and 26).

How well it does is told by one number, the same for every kind and solver:

    residual = |M z - (kappa / form) c| / |M z|.

An `expansion` is an :class:`glassmodes.landscape.Expansion` or anything else with `contractions`
(:class:`glassmodes.quasilocalized.ForceExpansion`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

DEGREES = {"cubic": 3, "quartic": 4, "pseudo_harmonic": 4}
"""Degree of the form of each kind."""


@dataclass(frozen=True)
class Direction:
    """A unit field, and its energy function to first order.

    Attributes
    ----------
    field : ndarray, shape=(N, d)
    kind : str
    stiffness, form : float
        kappa, and tau or chi or their like.
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
        return DEGREES[self.kind]

    @property
    def log_energy(self) -> float:
        """p ln kappa - 2 ln |form|; infinite where the energy has no minimum to offer."""
        if not (self.stiffness > 0.0 and self.has_form):
            return np.inf
        return float(self.degree * np.log(self.stiffness) - 2.0 * np.log(abs(self.form)))

    @property
    def has_form(self) -> bool:
        """Whether the form is finite and of a sign that it may have: chi > 0, tau of any."""
        return bool(np.isfinite(self.form)) and (
            self.form != 0.0 if self.kind == "cubic" else self.form > 0.0
        )

    @property
    def gradient(self) -> np.ndarray:
        """Of `log_energy` with respect to z, at |z| = 1; along z it vanishes."""
        return (2.0 * self.degree) * (self.image / self.stiffness - self.contraction / self.form)

    @property
    def residual(self) -> float:
        """|M z - (kappa / form) c| / |M z|."""
        rest = self.image - (self.stiffness / self.form) * self.contraction
        return float(np.linalg.norm(rest) / np.linalg.norm(self.image))


def without_translation(field) -> np.ndarray:
    """A field, shape=(N, d), less its mean."""
    return field - field.mean(axis=0)


def direction(expansion, kind: str, field) -> Direction:
    """A field made of unit norm, shape=(N, d), with its stiffness and form.

    The caller takes translations out where there are any.
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
