"""Pair potentials, one class for each family.

Every potential is a Laurent polynomial of the scaled distance x = r / lambda, where lambda is the
diameter of the pair:

    phi(r) = f(x) = sum_p a_p x^p    for x < cutoff,    0 otherwise

in units of the energy eps = 1. The powers p are -12, -10, ..., -2, 0, 1, 2, 4 and 6. One compiled
kernel therefore serves all families (:mod:`glassmodes.landscape.kernels`), and the combinations
of radial derivatives that appear in the expansion of the energy are exact for each term:

    B_k = ((1/r) d/dr)^k phi = lambda^(-2k) sum_p p (p-2) ... (p-2k+2) a_p x^(p-2k)

so that B_1 = phi'/r, B_2 = phi''/r^2 - phi'/r^3, and so on. B_2, B_3 and B_4 are the brackets of
Eq. C2 of Kapteijns, Richard and Lerner, arXiv:1912.10930 (2020).
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
    """n!! as an exact integer; 1 for n <= 0."""
    return int(np.prod(np.arange(n, 0, -2), dtype=object)) if n > 0 else 1


@dataclass(frozen=True)
class PairPotential:
    """A radial pair potential phi(r) = f(r / lambda), base class of all families.

    Attributes
    ----------
    cutoff : float
        Range of the potential in units of the pair diameter lambda.
    laurent : ndarray, shape=(11,), dtype=float64
        Coefficients a_p in the order of :data:`POWERS`, in units of eps.
    family : str
        Name of the family in the model registry and in data files (attribute of the class).

    Raises
    ------
    ModelError
        If the cutoff is not positive, or a term has a power that is not among :data:`POWERS`.
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
        """Coefficients a_p of the potential by power p; each family defines its own."""
        raise NotImplementedError

    @property
    def parameters(self) -> dict[str, float]:
        """Parameters of this potential within its family, under their names in data files."""
        raise NotImplementedError

    def derivatives(self, x) -> np.ndarray:
        """f and its first four derivatives with respect to the scaled distance x.

        Parameters
        ----------
        x : array_like
            Scaled distances r / lambda, greater than 0.

        Returns
        -------
        ndarray, shape=(5, ...), dtype=float64
            f, f', f'', f''' and f'''', in units of eps; 0 where x >= cutoff.
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
        """The potential as JSON, as the attribute `potential` of data files stores it.

        Parameters
        ----------
        **extra
            Further entries, such as the pair diameters of the mixture.
        """
        record = {"family": self.family, "cutoff": self.cutoff, **self.parameters, **extra}
        return json.dumps(record, sort_keys=True)

    def lepton_expression(self) -> str:
        """f as a LEPTON expression of distance `r` and pair diameter `s`, without the cutoff."""
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
        """LAMMPS pair style, and the arguments of `pair_coeff` for one pair diameter."""
        cutoff = self.cutoff * diameter
        return "lepton", f'"{self.lepton_expression()}; s={diameter!r}" {cutoff!r}'


@dataclass(frozen=True)
class InversePowerForceShifted(PairPotential):
    """Inverse power law with energy and force shifted to 0 at the cutoff (`ipl_force_shifted`).

    f(x) = x^-n + x_c^-n [n x/x_c - (n+1)] for x < x_c, the cutoff. With n = 12 and x_c = 2.5 this
    is Eq. 1 of Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements accompanying thermal
    fluctuations distinguish glasses from crystals (2020).
    """

    exponent: int = 12
    family = "ipl_force_shifted"

    def _terms(self):
        """Coefficients a_p by power p, for the formula of the class."""
        n, shift = self.exponent, float(self.cutoff) ** -self.exponent
        return {-n: 1.0, 0: -(n + 1) * shift, 1: n * shift / self.cutoff}

    @property
    def parameters(self):
        """Exponent n, and number of continuous derivatives at the cutoff."""
        return {"exponent": self.exponent, "continuous_derivatives": 1}


@dataclass(frozen=True)
class InversePowerSmooth(PairPotential):
    """Inverse power law with q continuous derivatives at the cutoff (family `ipl_smooth`).

    f(x) = x^-n + sum_{l=0}^{q} c_2l x^(2l) for x < x_c. The coefficients c_2l make f and its first
    q derivatives vanish at x_c; their closed form is that of Lerner, J. Non-Cryst. Solids 522,
    119570 (2019).
    """

    exponent: int = 10
    continuous_derivatives: int = 3
    family = "ipl_smooth"

    def _terms(self):
        """Coefficients a_p by power p, for the formula of the class."""
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
        """Exponent n, and number q of continuous derivatives at the cutoff."""
        return {
            "exponent": self.exponent,
            "continuous_derivatives": self.continuous_derivatives,
        }


@dataclass(frozen=True)
class LennardJonesForceShifted(PairPotential):
    """Lennard-Jones with energy and force shifted to 0 at the cutoff (`lj_force_shifted`).

    f(x) = 4 (x^-12 - x^-6) - v - s (x - x_c) for x < x_c, where v and s are the value and the slope
    of the first term at x_c. It equals the LAMMPS pair style `lj/smooth/linear`.
    """

    family = "lj_force_shifted"

    def _terms(self):
        """Coefficients a_p by power p, for the formula of the class."""
        xc = float(self.cutoff)
        value = 4.0 * (xc**-12 - xc**-6)
        slope = 4.0 * (-12.0 * xc**-13 + 6.0 * xc**-7)
        return {-12: 4.0, -6: -4.0, 0: -value + slope * xc, 1: -slope}

    @property
    def parameters(self):
        """Largest exponent, and number of continuous derivatives at the cutoff."""
        return {"exponent": 12, "continuous_derivatives": 1}

    def lammps_pair(self, diameter):
        """LAMMPS pair style, and the arguments of `pair_coeff` for one pair diameter."""
        return "lj/smooth/linear", f"1.0 {diameter!r} {self.cutoff * diameter!r}"


@dataclass(frozen=True)
class HarmonicRepulsion(PairPotential):
    """Harmonic repulsion of overlapping spheres (family `harmonic`).

    f(x) = (1 - x)^2 / 2 for x < 1. The cutoff is the contact of the spheres, x_c = 1.
    """

    family = "harmonic"

    def _terms(self):
        """Coefficients a_p by power p, for the formula of the class."""
        if self.cutoff != 1.0:
            raise ModelError(f"potential.cutoff: {self.cutoff} must be 1 for harmonic spheres")
        return {0: 0.5, 1: -1.0, 2: 0.5}

    @property
    def parameters(self):
        """Exponent, and number of continuous derivatives at the cutoff."""
        return {"exponent": 2, "continuous_derivatives": 1}

    def lammps_pair(self, diameter):
        """LAMMPS pair style, and the arguments of `pair_coeff` for one pair diameter."""
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
"""Classes of pair potentials by the name of their family."""
