"""Tables I and II of the paper: ensemble sizes, and shear moduli with the units that follow."""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.kapteijns2020_nqe.glasses import (
    PAPER_MODELS,
    described,
    model_title,
    paper_model,
    shear_moduli,
)
from glassmodes.statistics.numbers import number_with_error


def ensemble_sizes(tables) -> pd.DataFrame:
    """Samples by model, parent temperature and N, beside the paper's (Table I and section II).

    The paper's own sizes are listed whether the campaign has them or not, of models it has.

    Returns
    -------
    pandas.DataFrame
        Columns of `table_ensemble_sizes`, see :data:`glassmodes.papers.kapteijns2020_nqe.PAPER`.
    """
    known = described(tables)
    status = tables["quasilocalized_samples"]
    prepared = status.groupby("ensemble").size()
    usable = status[status["status"] == "ok"].groupby("ensemble").size()
    known = known[known["ensemble"].isin(prepared.index)]
    rows = []
    for model, group in known.groupby("model", sort=False):
        paper = paper_model(model)
        # those of poly at other densities than the model's own have no counterpart
        theirs = dict(paper.samples) if model in PAPER_MODELS else {}
        for row in group.sort_values(["parent_temperature", "particles"]).itertuples():
            temperature = row.parent_temperature if paper and paper.is_poly else None
            key = (temperature, row.particles)
            # of an unknown protocol, made by an earlier version, nothing speaks against it
            alike = paper and (not row.protocol or (row.protocol == "cooling") == paper.cooled)
            rows.append(
                {
                    "model": model,
                    "name": model_title(model),
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
                    "name": model_title(model),
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
        Columns of `table_shear_modulus`, see :data:`glassmodes.papers.kapteijns2020_nqe.PAPER`.
    """
    known = described(tables)
    moduli = shear_moduli(tables)
    rows = []
    for (model, density), group in known.groupby(["model", "density"], sort=False):
        paper = paper_model(model)
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
