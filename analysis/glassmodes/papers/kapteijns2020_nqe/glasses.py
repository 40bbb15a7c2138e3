"""The paper's models with its values for them, and its units.

The paper gives everything in units of a_0 = (V/N)^(1/d), omega_0 = c_T / a_0 with
c_T = sqrt(G(T_p = inf) / rho), and the particle's mass. The tables of a campaign are in its own
reduced units; :func:`units` says what a_0 and omega_0 are in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class PaperModel:
    """The paper's values for one model.

    Attributes
    ----------
    name : str
        What the paper calls it.
    density, shear_modulus : float
        rho and G(T_p = inf) of Table II.
    saturated_above : float
        Parent temperature above which G no longer changes (section II).
    cooled : bool
        Whether the paper's glasses were cooled slowly, rather than quenched from equilibrium.
    samples : mapping of (float or None, int) to int
        Ensemble sizes (Table I) by parent temperature (None: one protocol only) and N.
    beyond_bound : mapping of float to float
        Part of the cubic modes with tau^2 > 3 kappa chi by parent temperature (Fig. 8); of POLY
        alone.
    """

    name: str
    density: float
    shear_modulus: float
    saturated_above: float
    cooled: bool
    samples: Mapping[tuple[float | None, int], int]
    beyond_bound: Mapping[float, float] = field(default_factory=dict)

    @property
    def is_poly(self) -> bool:
        """Whether it is the model that the paper has at several parent temperatures."""
        return bool(self.beyond_bound)


_IPL_SATURATION = 2.0 / 2.5
"""T = 2.0 is 2.5 times the temperature where G of the 3D IPL glass starts to saturate."""

_POLY_SATURATION = 1.3 / 1.45
"""T_p = 1.3 is 145 % of the temperature where G of the POLY glass saturates."""

PAPER_MODELS: dict[str, PaperModel] = {
    "ipl10_2d": PaperModel(
        name="2D IPL",
        density=0.86,
        shear_modulus=15.8,
        saturated_above=_IPL_SATURATION,
        cooled=True,
        samples={(None, size): 10_000 for size in (400, 1600, 6400, 25_600)},
    ),
    "ipl10_3d": PaperModel(
        name="3D IPL",
        density=0.82,
        shear_modulus=12.4,
        saturated_above=_IPL_SATURATION,
        cooled=False,
        samples={(None, 2048): 320_000, (None, 8192): 80_000, (None, 32_768): 20_000},
    ),
    "ipl10_4d": PaperModel(
        name="4D IPL",
        density=0.80,
        shear_modulus=10.9,
        saturated_above=_IPL_SATURATION,
        cooled=True,
        samples={(None, 10_000): 2_000},
    ),
    "poly": PaperModel(
        name="3D POLY",
        density=0.65,
        shear_modulus=9.22,
        saturated_above=_POLY_SATURATION,
        cooled=False,
        samples={
            (temperature, size): samples
            for temperature in (0.35, 0.5, 1.3)
            for size, samples in ((2000, 10_000), (8000, 1_000))
        },
        beyond_bound={1.30: 0.066, 0.50: 0.046, 0.35: 0.005},
    ),
}
"""By name of the model in the registry."""

POLY_DENSITY = 0.58
"""Number density at which the POLY model has the G that Table II gives it."""


def paper_model(model) -> PaperModel | None:
    """The paper's values for a model; those of POLY for `poly` at any density."""
    return PAPER_MODELS.get("poly" if str(model).startswith("poly_") else model)


def is_poly(rows):
    """Whether rows are of POLY, the model that the paper has at several parent temperatures."""
    return rows["model"].map(lambda model: bool((paper := paper_model(model)) and paper.is_poly))


# --- ensembles and units --------------------------------------------------------------------------


def described(tables) -> pd.DataFrame:
    """The table `ensembles` with what names and units need.

    Returns
    -------
    pandas.DataFrame
        Besides the table's columns: protocol and parent_temperature (NaN where a table made
        earlier has none), label (of the model, the density and parent temperature where they
        tell ensembles apart), saturated (whether G is that of T_p = inf), of_paper (whether the
        paper has such glasses: its model, density and protocol, of any size).
    """
    known = tables["ensembles"].copy()
    known["protocol"] = known.get("protocol", "")
    known["parent_temperature"] = known.get("parent_temperature", np.nan)
    known["parent_temperature"] = known["parent_temperature"].astype(float)
    labels, saturated, of_paper = [], [], []
    for row in known.itertuples():
        paper = paper_model(row.model)
        name = model_title(row.model)
        of_name = known[[model_title(model) == name for model in known["model"]]]
        if of_name["density"].nunique() > 1:
            name += f", density {row.density:g}"
        temperatures = of_name["parent_temperature"]
        series = paper is not None and paper.is_poly
        if (series or temperatures.nunique() > 1) and not np.isnan(row.parent_temperature):
            name += f", T_p = {row.parent_temperature:g}"
        cooled = of_name["protocol"] == "cooling"
        if cooled.any() and not cooled.all():
            name += ", cooled" if row.protocol == "cooling" else ", quenched"
        labels.append(name)
        # a slow cooling anneals the glass, wherever it starts
        limit = paper.saturated_above if paper else np.inf
        saturated.append(row.protocol != "cooling" and row.parent_temperature >= limit)
        of_paper.append(row.model in PAPER_MODELS and _is_of_paper(paper, row))
    return known.assign(
        label=labels,
        saturated=np.array(saturated, dtype=bool),
        of_paper=np.array(of_paper, dtype=bool),
    )


def _is_of_paper(paper, ensemble):
    """Of an unknown protocol, in a table made earlier, nothing speaks against it."""
    alike = not ensemble.protocol or (ensemble.protocol == "cooling") == paper.cooled
    return alike and has_paper_density(paper, ensemble.density)


def model_title(model):
    """What the paper calls a model, or its own name where the paper does not have it."""
    paper = paper_model(model)
    return paper.name if paper else model


def shear_moduli(tables) -> pd.DataFrame:
    """G of every sample that has one: ensemble, sample, shear_modulus, each sample once."""
    columns = ["ensemble", "sample", "shear_modulus"]
    parts = [
        tables[name][columns]
        for name in ("quasilocalized_samples", "moduli")
        if name in tables and len(tables[name])
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[np.isfinite(rows["shear_modulus"].astype(float))]
    return rows.drop_duplicates(["ensemble", "sample"]).reset_index(drop=True)


@dataclass(frozen=True)
class Units:
    """The paper's units of one ensemble, in reduced ones.

    Attributes
    ----------
    length, frequency : float
        a_0 and omega_0.
    shear_modulus : float
        G(T_p = inf) that omega_0 is made from.
    origin : {"measured", "paper", "own"}
        G of this campaign's ensembles that were quenched from above the saturation; of Table II;
        or the mean of the model's ensembles, whatever their parent temperature.
    """

    length: float
    frequency: float
    shear_modulus: float
    origin: str


_ORIGINS = {
    "measured": "G(T_p = inf) measured in this campaign",
    "paper": "G(T_p = inf) of the paper's Table II",
    "own": "G of these glasses, as no high parent temperature is known",
}


def units(tables) -> dict[str, Units]:
    """a_0 and omega_0 of every ensemble that G is known for."""
    known = described(tables)
    moduli = shear_moduli(tables)
    found = {}
    for (model, density), group in known.groupby(["model", "density"], sort=False):
        paper = paper_model(model)
        hot = moduli[moduli["ensemble"].isin(group.loc[group["saturated"], "ensemble"])]
        own = moduli[moduli["ensemble"].isin(group["ensemble"])]
        # Table II's G of POLY belongs to another density than the one printed beside it
        tabulated = paper is not None and has_paper_density(paper, density)
        if len(hot):
            modulus, origin = hot["shear_modulus"].mean(), "measured"
        elif tabulated:
            modulus, origin = paper.shear_modulus, "paper"
        elif len(own):
            modulus, origin = own["shear_modulus"].mean(), "own"
        else:
            continue
        if not modulus > 0.0:
            continue
        for row in group.itertuples():
            length = density ** (-1.0 / row.dimension)
            frequency = np.sqrt(modulus / density) / length
            found[row.ensemble] = Units(length, float(frequency), float(modulus), origin)
    return found


def has_paper_density(paper, density) -> bool:
    """Whether a density is the one that G of Table II belongs to."""
    own = POLY_DENSITY if paper.is_poly else paper.density
    return abs(density - own) < 0.01 * own


def units_words(tables, ensembles) -> str:
    """Which G(T_p = inf) the units of some ensembles are made from, as one sentence."""
    known = described(tables).set_index("ensemble")
    found = units(tables)
    parts = {}
    for name in ensembles:
        if name in found:
            model = model_title(known.loc[name, "model"])
            if model == PAPER_MODELS["poly"].name:
                model += f" at density {known.loc[name, 'density']:g}"
            text = f"{found[name].shear_modulus:.3g} ({model})"
            parts.setdefault(_ORIGINS[found[name].origin], {})[text] = None
    sources = "; ".join(f"{source}, {', '.join(texts)}" for source, texts in parts.items())
    return f"Units: a_0 = (V/N)^(1/d), omega_0 = c_T / a_0, c_T^2 = G / rho with {sources}."
