"""Quasilocalized excitations: the paper's values and units, rows to show, Tables I and II.

Of kapteijns2020_nqe; figures and summary share what is here. The paper gives everything in units of
a_0 = (V/N)^(1/d), omega_0 = c_T / a_0 with c_T = sqrt(G(T_p = inf) / rho), and the particle's mass;
:func:`families` does so too, whatever the campaign's own reduced units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from glassmodes.statistics.numbers import number_with_error


@dataclass(frozen=True)
class Reference:
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
        Part of the cubic modes with tau^2 > 3 kappa chi by parent temperature (Fig. 8).
    """

    name: str
    density: float
    shear_modulus: float
    saturated_above: float
    cooled: bool
    samples: Mapping[tuple[float | None, int], int]
    beyond_bound: Mapping[float, float] = field(default_factory=dict)


_IPL_SATURATION = 2.0 / 2.5
"""T = 2.0 is 2.5 times the temperature where G of the 3D IPL glass starts to saturate."""

_POLY_SATURATION = 1.3 / 1.45
"""T_p = 1.3 is 145 % of the temperature where G of the POLY glass saturates."""

PAPER: dict[str, Reference] = {
    "ipl10_2d": Reference(
        "2D IPL",
        0.86,
        15.8,
        _IPL_SATURATION,
        True,
        {(None, size): 10_000 for size in (400, 1600, 6400, 25_600)},
    ),
    "ipl10_3d": Reference(
        "3D IPL",
        0.82,
        12.4,
        _IPL_SATURATION,
        False,
        {(None, 2048): 320_000, (None, 8192): 80_000, (None, 32_768): 20_000},
    ),
    "ipl10_4d": Reference("4D IPL", 0.80, 10.9, _IPL_SATURATION, True, {(None, 10_000): 2_000}),
    "poly": Reference(
        "3D POLY",
        0.65,
        9.22,
        _POLY_SATURATION,
        False,
        {
            (temperature, size): samples
            for temperature in (0.35, 0.5, 1.3)
            for size, samples in ((2000, 10_000), (8000, 1_000))
        },
        {1.30: 0.066, 0.50: 0.046, 0.35: 0.005},
    ),
}
"""By name of the model in the registry."""

POLY_DENSITY = 0.58
"""Number density at which the POLY model has the G that Table II gives it (PHYSICS 1.4)."""

BOUND = 3.0
"""tau^2 / (kappa chi) above which the quartic expansion has a lower second minimum (Eq. 32)."""

SAME_SPOT = 0.5
"""Overlap from which two modes are of the same soft spot: those of two spots have nearly none."""

ORDERS = {"harmonic": 2, "cubic": 3, "quartic": 4}
"""The paper's subscript of each kind of mode."""

_KEYS = ["ensemble", "sample", "mode"]


def reference(model) -> Reference | None:
    """The paper's values for a model; those of POLY for `poly` at any density."""
    return PAPER.get("poly" if str(model).startswith("poly_") else model)


# --- ensembles and units --------------------------------------------------------------------------


def described(tables) -> pd.DataFrame:
    """The table `ensembles` with what names and units need.

    Returns
    -------
    pandas.DataFrame
        Besides the table's columns: protocol and parent_temperature (NaN where a table made
        earlier has none), label (of the model, the density and parent temperature where they
        tell ensembles apart), saturated (whether G is that of T_p = inf).
    """
    known = tables["ensembles"].copy()
    known["protocol"] = known.get("protocol", "")
    known["parent_temperature"] = known.get("parent_temperature", np.nan)
    known["parent_temperature"] = known["parent_temperature"].astype(float)
    labels, saturated = [], []
    for row in known.itertuples():
        paper = reference(row.model)
        name = paper.name if paper else row.model
        of_name = known[[_name(model) == name for model in known["model"]]]
        if of_name["density"].nunique() > 1:
            name += f", density {row.density:g}"
        temperatures = of_name["parent_temperature"]
        series = paper is not None and paper.beyond_bound
        if (series or temperatures.nunique() > 1) and not np.isnan(row.parent_temperature):
            name += f", T_p = {row.parent_temperature:g}"
        cooled = of_name["protocol"] == "cooling"
        if cooled.any() and not cooled.all():
            name += ", cooled" if row.protocol == "cooling" else ", quenched"
        labels.append(name)
        # a slow cooling anneals the glass, wherever it starts
        limit = paper.saturated_above if paper else np.inf
        saturated.append(row.protocol != "cooling" and row.parent_temperature >= limit)
    return known.assign(label=labels, saturated=np.array(saturated, dtype=bool))


def _name(model):
    paper = reference(model)
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
        paper = reference(model)
        hot = moduli[moduli["ensemble"].isin(group.loc[group["saturated"], "ensemble"])]
        own = moduli[moduli["ensemble"].isin(group["ensemble"])]
        # Table II's G of POLY belongs to another density than the one printed beside it
        tabulated = paper is not None and _has_tabulated_modulus(paper, density)
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


def _has_tabulated_modulus(paper, density):
    own = POLY_DENSITY if paper.beyond_bound else paper.density
    return abs(density - own) < 0.01 * own


def units_words(tables, ensembles) -> str:
    """Which G(T_p = inf) the units of some ensembles are made from, as one sentence."""
    known = described(tables).set_index("ensemble")
    found = units(tables)
    parts = {}
    for name in ensembles:
        if name in found:
            model = _name(known.loc[name, "model"])
            if model == PAPER["poly"].name:
                model += f" at density {known.loc[name, 'density']:g}"
            text = f"{found[name].shear_modulus:.3g} ({model})"
            parts.setdefault(_ORIGINS[found[name].origin], {})[text] = None
    sources = "; ".join(f"{source}, {', '.join(texts)}" for source, texts in parts.items())
    return f"Units: a_0 = (V/N)^(1/d), omega_0 = c_T / a_0, c_T^2 = G / rho with {sources}."


# --- rows of the tables that figures and summary share --------------------------------------------


def excitations(tables) -> pd.DataFrame:
    """Converged rows of `quasilocalized` in the paper's units.

    Returns
    -------
    pandas.DataFrame
        ensemble, sample, kind, mode, start; model, label, dimension, particles, density,
        protocol, parent_temperature, saturated; edge = N^(1/d), first_phonon = 2 pi / edge (of
        the first transverse phonon); omega, kappa, tau, chi, nu (of the shear
        x -> x + g y, absolute), participants, response (|U'''':zzz / chi|), overlap_harmonic,
        overlap_quartic, difference.
    """
    rows = tables["quasilocalized"]
    rows = rows[rows["converged"] & (rows["stiffness"] > 0.0)]
    found = units(tables)
    rows = rows[rows["ensemble"].isin(found)]
    columns = ["ensemble", "model", "label", "dimension", "particles", "density"]
    columns += ["protocol", "parent_temperature", "saturated"]
    rows = rows.merge(described(tables)[columns], on="ensemble").reset_index(drop=True)
    # without rows the names have no type to be mapped from
    unit = [found[name] for name in rows["ensemble"]]
    length = np.array([one.length for one in unit])
    frequency = np.array([one.frequency for one in unit])
    edge = rows["particles"] ** (1.0 / rows["dimension"])
    kept = [*_KEYS, "kind", "start", *columns[1:], "participants"]
    kept += ["overlap_harmonic", "overlap_quartic", "difference"]
    return rows[kept].assign(
        edge=edge,
        first_phonon=2.0 * np.pi / edge,
        omega=np.sqrt(rows["stiffness"]) / frequency,
        kappa=rows["stiffness"] / frequency**2,
        tau=rows["cubic"] * length / frequency**2,
        chi=rows["quartic"] * length**2 / frequency**2,
        nu=rows["shear_coupling"].abs() / (length * frequency**2),
        response=rows["quartic_response"],
    )


def softest(rows) -> pd.DataFrame:
    """The row of lowest frequency of each sample, of one kind."""
    return rows.loc[rows.groupby(["ensemble", "sample"])["omega"].idxmin()].reset_index(drop=True)


_OF_KIND = ["omega", "kappa", "tau", "chi", "nu", "participants", "response"]
_OF_ENSEMBLE = ["model", "label", "dimension", "particles", "density", "protocol"]
_OF_ENSEMBLE += ["parent_temperature", "saturated", "edge", "first_phonon"]


def families(tables) -> pd.DataFrame:
    """Harmonic, quartic and cubic mode of each soft spot, one row of the first of each sample.

    Returns
    -------
    pandas.DataFrame
        ensemble, sample, what :func:`excitations` knows of the ensemble, and with the paper's
        subscripts 2, 4, 3 (NaN where a kind is missing): omega, kappa, tau, chi, nu, participants,
        response; structure_gap = 1 - |psi . pi_4|, energy_gap = (kappa_4 - kappa_2) / kappa_4,
        cubic_gap = 1 - |pi_3 . pi_4|; of pairs of the same soft spot (NaN otherwise) stiffer =
        kappa_3 / kappa_4 - 1, tau_ratio = |tau_3 / tau_4|, chi_ratio = chi_3 / chi_4; asymmetry_3
        and asymmetry_4 = tau^2 / (kappa chi); barrier_3 = 2 kappa^3 / (3 tau^2) (Eq. 35) and
        strain_3 = kappa^2 / (tau nu) (Eq. 37).
    """
    rows = excitations(tables)
    rows = rows[rows["mode"] == 0]
    keys = ["ensemble", "sample"]
    table = rows[[*keys, *_OF_ENSEMBLE]].drop_duplicates(keys).reset_index(drop=True)
    for kind, order in ORDERS.items():
        extra = {"quartic": ["overlap_harmonic", "difference"], "cubic": ["overlap_quartic"]}
        columns = [*keys, *_OF_KIND, *extra.get(kind, ())]
        found = rows.loc[rows["kind"] == kind, columns].drop_duplicates(keys)
        names = {column: f"{column}_{order}" for column in _OF_KIND}
        table = table.merge(found.rename(columns=names), on=keys, how="left")
    # exact for unit vectors, and precise where the overlap is one to all digits
    structure = 0.5 * table["difference"] ** 2
    structure = structure.fillna(1.0 - table["overlap_harmonic"])
    cubic = 1.0 - table["overlap_quartic"]
    same = table["overlap_quartic"] > SAME_SPOT
    with np.errstate(divide="ignore"):
        return table.assign(
            structure_gap=structure,
            energy_gap=1.0 - table["kappa_2"] / table["kappa_4"],
            cubic_gap=cubic,
            stiffer=(table["kappa_3"] / table["kappa_4"] - 1.0).where(same),
            tau_ratio=(table["tau_3"] / table["tau_4"]).abs().where(same),
            chi_ratio=(table["chi_3"] / table["chi_4"]).where(same),
            asymmetry_3=table["tau_3"] ** 2 / (table["kappa_3"] * table["chi_3"]),
            asymmetry_4=table["tau_4"] ** 2 / (table["kappa_4"] * table["chi_4"]),
            barrier_3=2.0 * table["kappa_3"] ** 3 / (3.0 * table["tau_3"] ** 2),
            strain_3=table["kappa_3"] ** 2 / (table["tau_3"].abs() * table["nu_3"]),
        )


def running_medians(x, y, bins) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Medians over bins of equal counts, ascending in x.

    Returns
    -------
    x, median, lower, upper : ndarray, shape=(bins,)
        Median of x; median and quartiles of y.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    order = np.argsort(x, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    quartiles = np.array([np.quantile(y[part], [0.5, 0.25, 0.75]) for part in parts])
    return np.array([np.median(x[part]) for part in parts]), *quartiles.reshape(-1, 3).T


# --- Tables I and II ------------------------------------------------------------------------------


def ensemble_sizes(tables) -> pd.DataFrame:
    """Samples by model, parent temperature and N, beside the paper's (Table I and section II).

    The paper's own sizes are listed whether the campaign has them or not, of models it has.

    Returns
    -------
    pandas.DataFrame
        Columns of `table_ensemble_sizes`, see :data:`glassmodes.data.schemas.TABLES`.
    """
    known = described(tables)
    status = tables["quasilocalized_samples"]
    prepared = status.groupby("ensemble").size()
    usable = status[status["status"] == "ok"].groupby("ensemble").size()
    known = known[known["ensemble"].isin(prepared.index)]
    rows = []
    for model, group in known.groupby("model", sort=False):
        paper = reference(model)
        # those of poly at other densities than the model's own have no counterpart
        theirs = dict(paper.samples) if model in PAPER else {}
        for row in group.sort_values(["parent_temperature", "particles"]).itertuples():
            temperature = row.parent_temperature if paper and paper.beyond_bound else None
            key = (temperature, row.particles)
            # of an unknown protocol, made by an earlier version, nothing speaks against it
            alike = paper and (not row.protocol or (row.protocol == "cooling") == paper.cooled)
            rows.append(
                {
                    "model": model,
                    "name": _name(model),
                    "dimension": int(row.dimension),
                    "density": float(row.density),
                    "parent_temperature": row.parent_temperature,
                    "protocol": row.protocol or "unknown",
                    "particles": int(row.particles),
                    "samples": int(prepared[row.ensemble]),
                    "usable": int(usable.get(row.ensemble, 0)),
                    "paper": float(theirs.pop(key, np.nan) if alike else np.nan),
                }
            )
        first = group.iloc[0]
        for (temperature, size), samples in theirs.items():
            rows.append(
                {
                    "model": model,
                    "name": _name(model),
                    "dimension": int(first["dimension"]),
                    "density": paper.density,
                    "parent_temperature": np.nan if temperature is None else temperature,
                    "protocol": "-",
                    "particles": size,
                    "samples": 0,
                    "usable": 0,
                    "paper": float(samples),
                }
            )
    columns = ("model", "name", "dimension", "density", "parent_temperature", "protocol")
    columns += ("particles", "samples", "usable", "paper")
    table = pd.DataFrame(rows, columns=columns)
    table["order"] = table["model"].map({model: i for i, model in enumerate(known["model"])})
    keys = ["dimension", "order", "parent_temperature", "particles"]
    return table.sort_values(keys, kind="stable", ignore_index=True).drop(columns="order")


def shown_ensemble_sizes(table) -> pd.DataFrame:
    """Table I as text: sizes of each model downwards, this campaign beside the paper."""
    rows = []
    for entry in table.itertuples():
        name = f"{entry.name}, N = {entry.particles}"
        if not np.isnan(entry.parent_temperature):
            name += f", T_p = {entry.parent_temperature:g}"
        ours = "–"
        if entry.samples:
            ours = f"{entry.samples}"
            if entry.usable < entry.samples:
                ours += f"\n{entry.usable} with modes"
        paper = f"{entry.paper:.0f}" if np.isfinite(entry.paper) else "–"
        rows.append([name, f"{entry.density:g}", entry.protocol, ours, paper])
    columns = ["", "density", "protocol", "samples, this campaign", "samples, paper"]
    return pd.DataFrame(rows, columns=columns)


def ensemble_sizes_caption(table) -> str:
    """Caption of :func:`shown_ensemble_sizes`."""
    return (
        "Ensemble size for each model and system size N. Each sample gives one harmonic, one "
        "quartic and one cubic mode, where the solvers converged. The paper gives POLY's sizes in "
        "the text of section II, and its density as 0.65."
    )


def shear_modulus_table(tables) -> pd.DataFrame:
    """G(T_p = inf), density, a_0 and omega_0 of each model beside the paper's (Table II).

    Of the ensembles quenched from a parent temperature where G has saturated; of all ensembles of
    a model where it has none such.

    Returns
    -------
    pandas.DataFrame
        Columns of `table_shear_modulus`, see :data:`glassmodes.data.schemas.TABLES`.
    """
    known = described(tables)
    moduli = shear_moduli(tables)
    rows = []
    for (model, density), group in known.groupby(["model", "density"], sort=False):
        paper = reference(model)
        if paper is None:
            continue
        group = group[group["ensemble"].isin(moduli["ensemble"])]
        if group.empty:
            continue
        saturated = bool(group["saturated"].any())
        group = group[group["saturated"]] if saturated else group
        values = moduli.loc[moduli["ensemble"].isin(group["ensemble"]), "shear_modulus"]
        modulus, dimension = float(values.mean()), int(group["dimension"].iloc[0])
        error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan
        length = density ** (-1.0 / dimension)
        theirs = paper.density ** (-1.0 / dimension)
        rows.append(
            {
                "model": model,
                "name": paper.name,
                "dimension": dimension,
                "density": float(density),
                "shear_modulus": modulus,
                "shear_modulus_error": error,
                "samples": len(values),
                "ensembles": ", ".join(group["ensemble"]),
                "saturated": saturated,
                "unit_length": length,
                "unit_frequency": np.sqrt(modulus / density) / length,
                # of a square root: half the relative error
                "unit_frequency_error": 0.5 * error / modulus * np.sqrt(modulus / density) / length,
                "paper_density": paper.density,
                "paper_shear_modulus": paper.shear_modulus,
                "paper_unit_length": theirs,
                "paper_unit_frequency": np.sqrt(paper.shear_modulus / paper.density) / theirs,
            }
        )
    columns = ("model", "name", "dimension", "density", "shear_modulus", "shear_modulus_error")
    columns += ("samples", "ensembles", "saturated", "unit_length", "unit_frequency")
    columns += ("unit_frequency_error", "paper_density", "paper_shear_modulus")
    columns += ("paper_unit_length", "paper_unit_frequency")
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values(["dimension", "name", "density"], kind="stable", ignore_index=True)


def shown_shear_modulus_table(table) -> pd.DataFrame:
    """Table II as text: a model at one density downwards, this campaign above the paper."""
    rows = []
    for entry in table.itertuples():
        name = f"{entry.name}, density {entry.density:g}"
        rows.append(
            [
                name,
                f"{number_with_error(entry.shear_modulus, entry.shear_modulus_error)}\n"
                f"{entry.samples} samples"
                + ("" if entry.saturated else "\nof annealed glasses, not T_p = inf"),
                f"{entry.paper_shear_modulus:g}\nat density {entry.paper_density:g}",
                f"{entry.unit_length:.4f}\npaper {entry.paper_unit_length:.4f}",
                f"{number_with_error(entry.unit_frequency, entry.unit_frequency_error)}\n"
                f"paper {entry.paper_unit_frequency:.3f}",
            ]
        )
    columns = ["", "G, this campaign", "G, paper", "a_0", "omega_0"]
    return pd.DataFrame(rows, columns=columns)


def shear_modulus_caption(table) -> str:
    """Caption of :func:`shown_shear_modulus_table`."""
    return (
        "High-parent-temperature athermal shear modulus and density of each model, in reduced "
        "units, and the units a_0 = (V/N)^(1/d) and omega_0 = c_T / a_0, c_T^2 = G / rho, that "
        "follow; means and standard errors over samples. POLY: the density that the paper prints, "
        "0.65, does not give the G that it prints beside it, 9.22; 0.58 does. Cooled ensembles "
        "are annealed and stiffer than those of T_p = inf."
    )
