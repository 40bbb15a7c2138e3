"""The registry of glass models, read from `models.yaml` beside this file."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from glassmodes.models.potentials import FAMILIES, ModelError, PairPotential

DEFAULT_MODELS = Path(__file__).with_name("models.yaml")
"""Path of the registry of models that is shipped with the package."""

_OPTIONAL = (
    "time_step",
    "fire_time_step",
    "parent_temperature",
    "equilibration",
    "melting_temperature",
    "glass_temperature",
    "source",
)
_POSITIVE = _OPTIONAL[:-1]
_POSITIVE_SIZES = ("smallest", "largest", "size_ratio", "effective_diameter")
_KEYS = {"description", "dimension", "density", "potential", "mixture", *_OPTIONAL}


@dataclass(frozen=True)
class GlassModel:
    """A glass model: pair potential, mixture, number density and dimension. All masses are one.

    All numbers are in the reduced units of the model (mass, length, energy eps and k_B equal one).

    Attributes
    ----------
    name : str
        Name in the registry.
    dimension : int
        Space dimension d.
    density : float
        Number density rho = N / V.
    potential : PairPotential
        Interaction of two particles.
    fractions : ndarray, shape=(S,)
        Number fraction of each of the S species; S = 1 for polydisperse models.
    pair_diameters : ndarray, shape=(S, S), or None
        Pair diameter lambda for each pair of species; None for polydisperse models.
    size_range : (float, float) or None
        Smallest and largest diameter s of a polydisperse model.
    distribution_exponent : float
        Exponent b of the distribution of diameters P(s) ~ s^-b of a polydisperse model.
    non_additivity : float
        a of the pair diameter (s_i + s_j)/2 (1 - a |s_i - s_j|) of a polydisperse model.
    time_step : float
        Time step of molecular dynamics.
    fire_time_step : float or None
        First time step of FIRE, if it differs from that of the dynamics.
    parent_temperature : float or None
        Temperature of the liquid that glasses are usually quenched from.
    equilibration : float
        Usual equilibration time of that liquid.
    melting_temperature, glass_temperature : float or None
        Temperatures that the source states for the model.
    source : str
        Paper and section that the parameters are from.
    """

    name: str
    dimension: int
    density: float
    potential: PairPotential
    fractions: np.ndarray
    pair_diameters: np.ndarray | None
    size_range: tuple[float, float] | None = None
    distribution_exponent: float = 3.0
    non_additivity: float = 0.0
    time_step: float = 0.005
    fire_time_step: float | None = None
    parent_temperature: float | None = None
    equilibration: float = 0.0
    melting_temperature: float | None = None
    glass_temperature: float | None = None
    source: str = ""

    @property
    def is_polydisperse(self) -> bool:
        """Whether the diameters follow a continuous distribution instead of species."""
        return self.pair_diameters is None

    def mixture(self, particles: int, rng: np.random.Generator):
        """Species and diameters of the particles of one sample, in random order.

        The diameters of a polydisperse model are the quantiles (k + 1/2) / N of their distribution,
        k = 0, ..., N - 1, and so the same set in every sample. If N = 2,000 diameters are drawn at
        random instead, samples at one density and temperature differ by 5 % in packing fraction and
        by an order of magnitude in relaxation time (arXiv:2209.15528).

        Parameters
        ----------
        particles : int
            Number of particles N.
        rng : numpy.random.Generator
            Decides the order.

        Returns
        -------
        species : ndarray, shape=(N,), dtype=int32
            Species of each particle, from 0; all 0 for a polydisperse model.
        diameter : ndarray, shape=(N,), dtype=float64
            Diameter of each particle; for species, the pair diameter of two particles of its
            species.
        """
        if self.is_polydisperse:
            low, high = self.size_range
            power = 1.0 - self.distribution_exponent
            quantiles = (rng.permutation(particles) + 0.5) / particles
            diameter = (low**power + quantiles * (high**power - low**power)) ** (1.0 / power)
            return np.zeros(particles, dtype=np.int32), diameter
        # the method of largest remainders keeps the numbers as close to the fractions as N allows
        ideal = self.fractions * particles
        counts = np.floor(ideal).astype(int)
        for extra in np.argsort(counts - ideal, kind="stable")[: particles - counts.sum()]:
            counts[extra] += 1
        species = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        rng.shuffle(species)
        return species, np.diag(self.pair_diameters)[species].copy()

    def box(self, particles: int) -> np.ndarray:
        """Edge lengths of the cubic box that holds N particles at the density, shape=(d,)."""
        return np.full(self.dimension, (particles / self.density) ** (1.0 / self.dimension))

    def largest_pair_diameter(self, diameter=None) -> float:
        """Largest pair diameter of the model.

        Parameters
        ----------
        diameter : array_like, shape=(N,), optional
            Diameters of a polydisperse sample; without them the upper end of the size range counts.
        """
        if not self.is_polydisperse:
            return float(self.pair_diameters.max())
        largest = self.size_range[1] if diameter is None else float(np.max(diameter))
        return largest

    def largest_cutoff(self, diameter=None) -> float:
        """Largest interaction distance; parameter as of :meth:`largest_pair_diameter`."""
        return self.potential.cutoff * self.largest_pair_diameter(diameter)

    def smallest_system(self) -> int:
        """Smallest N whose box edge is at least twice the largest cutoff (minimum image)."""
        return int(np.ceil(self.density * (2.0 * self.largest_cutoff()) ** self.dimension))

    def potential_json(self) -> str:
        """Potential and pair diameters as JSON, as the attribute `potential` of `glasses` files."""
        if self.is_polydisperse:
            return self.potential.to_json(non_additivity=self.non_additivity)
        return self.potential.to_json(pair_diameters=self.pair_diameters.tolist())

    def lammps_commands(self) -> list[str]:
        """LAMMPS commands `pair_style` and `pair_coeff` of the model.

        Raises
        ------
        ModelError
            If the dimension is neither 2 nor 3.
        """
        if self.dimension not in (2, 3):
            raise ModelError(
                f"model {self.name}: LAMMPS has no {self.dimension}-dimensional form; "
                "dimensions 2 and 3 are available"
            )
        if self.is_polydisperse:
            cutoff = self.largest_cutoff()
            expression = (
                f"step({self.potential.cutoff!r} - r/s)*({self.potential.lepton_expression()}); "
                f"s=(radi + radj)*(1 - {2.0 * self.non_additivity!r}*abs(radi - radj))"
            )
            return [f"pair_style lepton/sphere {cutoff!r}", f'pair_coeff * * "{expression}"']
        lines = []
        for a in range(len(self.fractions)):
            for b in range(a, len(self.fractions)):
                diameter = float(self.pair_diameters[a, b])
                style, coefficients = self.potential.lammps_pair(diameter)
                lines.append(f"pair_coeff {a + 1} {b + 1} {coefficients}")
        # the styles lj/smooth/linear and lepton take a global cutoff, harmonic/cut takes none
        cutoff = "" if style == "harmonic/cut" else f" {self.largest_cutoff()!r}"
        return [f"pair_style {style}{cutoff}", *lines]


def _additive_pair_diameters(fractions, size_ratio, effective_diameter):
    """Additive pair diameters of a binary mixture, scaled to a given effective diameter.

    The effective diameter is (sum_ab x_a x_b lambda_ab^3)^(1/3), with x_a the number fractions.
    """
    sizes = np.array([size_ratio, 1.0])
    pairs = 0.5 * (sizes[:, None] + sizes[None, :])
    effective = np.einsum("a,b,ab->", fractions, fractions, pairs**3) ** (1.0 / 3.0)
    return pairs * (effective_diameter / effective)


def _check_numbers(where: str, entry: Mapping) -> None:
    """Raise ModelError if a number is missing, not positive, or not finite."""
    mixture = entry["mixture"]
    if "smallest" in mixture:
        wanted = ("smallest", "largest", "distribution_exponent", "non_additivity")
    elif "pair_diameters" in mixture:
        wanted = ("fractions",)
    else:
        wanted = ("fractions", "size_ratio", "effective_diameter")
    fractions = mixture.get("fractions", [1.0])
    if not np.isclose(np.sum(np.array(fractions, dtype=float)), 1.0):
        raise ModelError(f"{where}.mixture.fractions: {fractions} must add up to 1")
    missing = [key for key in wanted if key not in mixture]
    if missing:
        raise ModelError(f"{where}.mixture: lacks {', '.join(missing)}")
    numbers = {key: entry[key] for key in ("density", *_POSITIVE) if entry.get(key) is not None}
    numbers |= {f"mixture.{key}": mixture[key] for key in _POSITIVE_SIZES if key in mixture}
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < np.inf:
            raise ModelError(f"{where}.{key}: {value!r} is no positive number")
    dimension = entry["dimension"]
    if isinstance(dimension, bool) or not isinstance(dimension, int) or dimension < 2:
        raise ModelError(f"{where}.dimension: {dimension!r} is no whole number above 1")


def _model(name: str, entry: dict, path: Path) -> GlassModel:
    """Build one model from its entry in a registry file; raise ModelError if a key is wrong."""
    where = f"{path.name}: {name}"
    if not isinstance(entry, Mapping):
        keys = ", ".join(sorted(_KEYS))
        raise ModelError(f"{where}: {entry!r} is no mapping; its keys are {keys}")
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise ModelError(f"{where}.{unknown[0]}: unknown key; allowed: {', '.join(sorted(_KEYS))}")
    for key in ("dimension", "density", "potential", "mixture"):
        if key not in entry:
            raise ModelError(f"{where}.{key}: missing")
    for key in ("potential", "mixture"):
        if not isinstance(entry[key], Mapping):
            raise ModelError(f"{where}.{key}: {entry[key]!r} is no mapping")
    _check_numbers(where, entry)
    settings = dict(entry["potential"])
    family = settings.pop("family", None)
    if family not in FAMILIES:
        raise ModelError(
            f"{where}.potential.family: {family!r} is not one of {', '.join(FAMILIES)}"
        )
    try:
        potential = FAMILIES[family](**settings)
    except (TypeError, ModelError) as error:
        raise ModelError(f"{where}.{error}") from None
    mixture = dict(entry["mixture"])
    optional = {key: entry[key] for key in _OPTIONAL if key in entry}
    if "smallest" in mixture:
        return GlassModel(
            name=name,
            dimension=entry["dimension"],
            density=float(entry["density"]),
            potential=potential,
            fractions=np.ones(1),
            pair_diameters=None,
            size_range=(float(mixture["smallest"]), float(mixture["largest"])),
            distribution_exponent=float(mixture["distribution_exponent"]),
            non_additivity=float(mixture["non_additivity"]),
            **optional,
        )
    fractions = np.array(mixture["fractions"], dtype=float)
    if "pair_diameters" in mixture:
        pairs = np.array(mixture["pair_diameters"], dtype=float)
    else:
        pairs = _additive_pair_diameters(
            fractions, mixture["size_ratio"], mixture["effective_diameter"]
        )
    if pairs.shape != (len(fractions), len(fractions)) or not np.allclose(pairs, pairs.T):
        raise ModelError(f"{where}.mixture.pair_diameters: must be a symmetric matrix by species")
    return GlassModel(
        name=name,
        dimension=entry["dimension"],
        density=float(entry["density"]),
        potential=potential,
        fractions=fractions,
        pair_diameters=pairs,
        **optional,
    )


def load_models(path: str | Path | None = None) -> dict[str, GlassModel]:
    """Read all models of a registry file.

    Parameters
    ----------
    path : path, optional
        YAML file; the registry of the package by default.

    Returns
    -------
    dict of str to GlassModel

    Raises
    ------
    ModelError
        If the file cannot be read or an entry is wrong; names the file, the key and what is
        allowed.
    """
    path = Path(path or DEFAULT_MODELS)
    try:
        entries = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from None
    except yaml.YAMLError as error:
        raise ModelError(f"{path}: not valid YAML: {error}") from None
    if not isinstance(entries, Mapping):
        raise ModelError(f"{path}: a registry is a mapping of names to models")
    return {name: _model(name, entry, path) for name, entry in entries.items()}


def get_model(name: str, path: str | Path | None = None) -> GlassModel:
    """One model of a registry file, by name.

    Parameters
    ----------
    name : str
        Name of the model.
    path : path, optional
        YAML file; the registry of the package by default.

    Raises
    ------
    ModelError
        If the file does not define the model; the message lists the names that it defines.
    """
    models = load_models(path)
    if name not in models:
        near = difflib.get_close_matches(name, models, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ModelError(f"unknown model {name!r}{hint} Known models: {', '.join(models)}")
    return models[name]
