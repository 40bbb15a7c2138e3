"""Pair potentials, one class per family.

Every family is a Laurent polynomial of the scaled distance x = r / lambda, where lambda is the
diameter of the pair,

    phi(r) = f(x) = sum_p a_p x^p    for x < cutoff,    0 otherwise,    energy unit eps = 1,

so that one branch-free kernel serves all of them (:mod:`glassmodes.landscape.kernels`) and the
combinations that appear in every derivative of the energy are exact term by term:

    B_k = ((1/r) d/dr)^k phi = lambda^(-2k) sum_p p (p-2) ... (p-2k+2) a_p x^(p-2k)

B_1 = phi'/r, B_2 = phi''/r^2 - phi'/r^3, and so on (Kapteijns et al., J. Chem. Phys. 2020,
Appendix C). The kernel's powers are x^-12, x^-10, ..., x^-2, 1, x, x^2, x^4 and x^6.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

POWERS = (-12, -10, -8, -6, -4, -2, 0, 1, 2, 4, 6)
"""Powers of x that a potential may contain, in the order of :attr:`PairPotential.laurent`."""


class ModelError(ValueError):
    """A glass model or potential that cannot be built; the message names the key and the value."""


def _double_factorial(n: int) -> int:
    return int(np.prod(np.arange(n, 0, -2), dtype=object)) if n > 0 else 1


@dataclass(frozen=True)
class PairPotential:
    """A purely radial pair potential phi(r) = f(r / lambda).

    Attributes
    ----------
    cutoff : float
        Range of the potential in units of the pair diameter.
    laurent : ndarray, shape=(11,), dtype=float64
        Coefficients a_p in the order of :data:`POWERS` (energy unit eps = 1).
    """

    cutoff: float
    laurent: np.ndarray = field(init=False, repr=False, compare=False)

    family = ""

    def __post_init__(self):
        if not self.cutoff > 0:
            raise ModelError(f"potential.cutoff: {self.cutoff} must be positive")
        coefficients = np.zeros(len(POWERS))
        for power, value in self._terms().items():
            if power not in POWERS:
                raise ModelError(
                    f"potential.exponent: {-power} is not among the exponents of the kernel "
                    f"({', '.join(str(-p) for p in POWERS if p < 0)})"
                )
            coefficients[POWERS.index(power)] += value
        object.__setattr__(self, "laurent", coefficients)

    def _terms(self) -> dict[int, float]:
        raise NotImplementedError

    @property
    def parameters(self) -> dict[str, float]:
        """What distinguishes this potential within its family, as the data contract names it."""
        raise NotImplementedError

    def derivatives(self, x) -> np.ndarray:
        """f and its first four derivatives with respect to x.

        Parameters
        ----------
        x : array_like
            Scaled distances r / lambda.

        Returns
        -------
        ndarray, shape=(5, ...), dtype=float64
            Zero where x >= cutoff.
        """
        x = np.asarray(x, dtype=float)
        values = np.zeros((5, *x.shape))
        for power, coefficient in zip(POWERS, self.laurent, strict=True):
            if coefficient == 0.0:
                continue
            factor = coefficient
            for order in range(5):
                if factor == 0.0:
                    break
                values[order] += factor * x ** float(power - order)
                factor *= power - order
        return np.where(x < self.cutoff, values, 0.0)

    def to_json(self, **extra) -> str:
        """The `potential` attribute of the data contract."""
        record = {"family": self.family, "cutoff": self.cutoff, **self.parameters, **extra}
        return json.dumps(record, sort_keys=True)

    def lepton_expression(self) -> str:
        """f as a LEPTON expression of `r` and the pair diameter `s`, without its cutoff."""
        terms = []
        for power, value in zip(POWERS, self.laurent, strict=True):
            if value == 0.0:
                continue
            if power < 0:
                terms.append(f"({value!r})*(s/r)^{-power}")
            elif power == 0:
                terms.append(f"({value!r})")
            else:
                terms.append(f"({value!r})*(r/s)^{power}")
        return " + ".join(terms).replace("np.float64", "")

    def lammps_pair(self, diameter: float) -> tuple[str, str]:
        """LAMMPS pair style and the arguments of `pair_coeff` for one pair diameter."""
        cutoff = self.cutoff * diameter
        return "lepton", f'"{self.lepton_expression()}; s={diameter!r}" {cutoff!r}'


@dataclass(frozen=True)
class InversePowerForceShifted(PairPotential):
    """x^-n with energy and force shifted to zero at the cutoff (family `ipl_force_shifted`).

    f = x^-n + x_c^-n [n x/x_c - (n+1)]; n = 12 is Eq. 1 of Mizuno et al., intermittent
    rearrangements accompanying thermal fluctuations distinguish glasses from crystals (2020).
    """

    exponent: int = 12
    family = "ipl_force_shifted"

    def _terms(self):
        n, shift = self.exponent, float(self.cutoff) ** -self.exponent
        return {-n: 1.0, 0: -(n + 1) * shift, 1: n * shift / self.cutoff}

    @property
    def parameters(self):
        return {"exponent": self.exponent, "continuous_derivatives": 1}


@dataclass(frozen=True)
class InversePowerSmooth(PairPotential):
    """x^-n + sum_l c_2l x^2l with q derivatives continuous at the cutoff (family `ipl_smooth`).

    The closed form of c_2l is that of Lerner, J. Non-Cryst. Solids 522, 119570 (2019).
    """

    exponent: int = 10
    continuous_derivatives: int = 3
    family = "ipl_smooth"

    def _terms(self):
        n, q = self.exponent, self.continuous_derivatives
        if not 0 <= q <= 3:
            raise ModelError(f"potential.continuous_derivatives: {q} must be from 0 to 3")
        terms = {-n: 1.0}
        for m in range(q + 1):
            terms[2 * m] = (
                (-1.0) ** (m + 1)
                / (_double_factorial(2 * q - 2 * m) * _double_factorial(2 * m))
                * _double_factorial(n + 2 * q)
                / (_double_factorial(n - 2) * (n + 2 * m))
                * float(self.cutoff) ** -(n + 2 * m)
            )
        return terms

    @property
    def parameters(self):
        return {
            "exponent": self.exponent,
            "continuous_derivatives": self.continuous_derivatives,
        }


@dataclass(frozen=True)
class LennardJonesForceShifted(PairPotential):
    """4 (x^-12 - x^-6), energy and force shifted to zero at the cutoff (`lj_force_shifted`).

    Equal to the `lj/smooth/linear` pair style of LAMMPS.
    """

    family = "lj_force_shifted"

    def _terms(self):
        xc = float(self.cutoff)
        value = 4.0 * (xc**-12 - xc**-6)
        slope = 4.0 * (-12.0 * xc**-13 + 6.0 * xc**-7)
        return {-12: 4.0, -6: -4.0, 0: -value + slope * xc, 1: -slope}

    @property
    def parameters(self):
        return {"exponent": 12, "continuous_derivatives": 1}

    def lammps_pair(self, diameter):
        return "lj/smooth/linear", f"1.0 {diameter!r} {self.cutoff * diameter!r}"


@dataclass(frozen=True)
class HarmonicRepulsion(PairPotential):
    """(1 - x)^2 / 2 for overlapping spheres (family `harmonic`); the cutoff is contact, x = 1."""

    family = "harmonic"

    def _terms(self):
        if self.cutoff != 1.0:
            raise ModelError(f"potential.cutoff: {self.cutoff} must be 1 for harmonic spheres")
        return {0: 0.5, 1: -1.0, 2: 0.5}

    @property
    def parameters(self):
        return {"exponent": 2, "continuous_derivatives": 1}

    def lammps_pair(self, diameter):
        return "harmonic/cut", f"{0.5 / diameter**2!r} {diameter!r}"


FAMILIES = {
    family.family: family
    for family in (
        InversePowerForceShifted,
        InversePowerSmooth,
        LennardJonesForceShifted,
        HarmonicRepulsion,
    )
}
