"""Modes pulled until the inherent structure changes: the paper's values, rows to show, Table I.

Of mizuno2020_anharmonic; figures and summary share what is here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from glassmodes.plotting.selection import boson_peaks, counted, model_title


@dataclass(frozen=True)
class Published:
    """The paper's values for one potential.

    Attributes
    ----------
    amplitude, distance, energy_change, participants, per_particle : (float, float)
        Ranges of A_c below omega_BP (Fig. 3), |Dr| (Fig. 6), |DPhi| (Fig. 8), N_rearr (Fig. 10)
        and (Dr^2 / N_rearr)^(1/2) (Fig. 11).
    lines : (float, float)
        Dr^2 / N_rearr of the two lines of Fig. 11.
    critical_temperatures : dict of int to float
        T_c by N (Table I).
    """

    amplitude: tuple[float, float]
    distance: tuple[float, float]
    energy_change: tuple[float, float]
    participants: tuple[float, float]
    per_particle: tuple[float, float]
    lines: tuple[float, float]
    critical_temperatures: dict[int, float]


PUBLISHED: dict[str, Published] = {
    "harmonic": Published(
        amplitude=(1e-6, 1e-2),
        distance=(1e-3, 1e0),
        energy_change=(1e-9, 1e-2),
        participants=(1.0, 1000.0),
        per_particle=(2e-3, 1e-1),
        lines=(5e-6, 1e-2),
        critical_temperatures={32_000: 1.3e-6, 128_000: 2.9e-7, 512_000: 3.7e-9},
    ),
    "lj": Published(
        amplitude=(1e-4, 1e-1),
        distance=(1e-1, 1e1),
        energy_change=(1e-4, 1e2),
        # "roughly the same or slightly more" than 1 to 1000
        participants=(1.0, 1000.0),
        per_particle=(7e-2, 3e-1),
        lines=(5e-3, 1e-1),
        critical_temperatures={8_000: 1.1e-1, 32_000: 2.3e-2, 128_000: 6.3e-3},
    ),
}
"""By name of the model in the registry."""


EXCHANGE = 1e-12
"""|DPhi| below which a transition has only exchanged like particles: far above rounding, far below
the smallest change of energy between inherent structures (1e-9)."""


# --- rows of the tables that figures and summary share --------------------------------------------


def _with_ensembles(tables, table):
    known = tables["ensembles"][["ensemble", "model", "particles"]]
    merged = table.merge(known, on="ensemble")
    merged["boson_peak"] = merged["ensemble"].map(boson_peaks(tables)).astype(float)
    return merged


def excited(tables) -> pd.DataFrame:
    """Rows of `excitations` with the model, particles and boson_peak (NaN: unknown) of each.

    The outcome of a transition that only exchanged like particles, which leaves the inherent
    structure what it was, is `exchange`.
    """
    rows = _with_ensembles(tables, tables["excitations"])
    same = (rows["outcome"] == "transition") & (rows["energy_change"].abs() < EXCHANGE)
    return rows.assign(outcome=rows["outcome"].mask(same, "exchange"))


def transitions(tables) -> pd.DataFrame:
    """Those of :func:`excited` that ended in another inherent structure.

    With linear_barrier (omega^2 A_c^2 N / 2), size (|DPhi|) and per_particle,
    (Dr^2 / N_rearr)^(1/2).
    """
    table = excited(tables)
    table = table[table["outcome"] == "transition"].reset_index(drop=True)
    return table.assign(
        linear_barrier=0.5 * (table["frequency"] * table["amplitude"]) ** 2 * table["particles"],
        size=table["energy_change"].abs(),
        per_particle=table["distance"] / np.sqrt(table["participants"]),
    )


def below_boson_peak(rows) -> pd.DataFrame:
    """Rows below omega_BP; all of an ensemble whose omega_BP is unknown."""
    return rows[~(rows["frequency"] >= rows["boson_peak"])]


def distinct(rows) -> pd.DataFrame:
    """One row for each distinct transition: those of a sample that end in the same structure."""
    return rows.drop_duplicates(["ensemble", "sample", "final_structure"])


def cubic_amplitudes(tables) -> pd.DataFrame:
    """A_c of the cubic expansion (Eq. A3), of `cubic_amplitudes` and of `excitations`.

    Returns
    -------
    pandas.DataFrame
        ensemble, sample, mode, frequency, amplitude, phonon_order, participation_ratio, model,
        particles, boson_peak; each mode once, finite amplitudes only.
    """
    columns = ["ensemble", "sample", "mode", "frequency", "amplitude"]
    columns += ["phonon_order", "participation_ratio"]
    parts = []
    if "cubic_amplitudes" in tables:
        parts.append(tables["cubic_amplitudes"][columns])
    if "excitations" in tables:
        other = tables["excitations"].drop(columns="amplitude")
        parts.append(other.rename(columns={"cubic_amplitude": "amplitude"})[columns])
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=[*columns, "model", "particles", "boson_peak"])
    table = pd.concat(parts, ignore_index=True)
    table = table[np.isfinite(table["amplitude"])]
    return _with_ensembles(tables, table.drop_duplicates(["ensemble", "sample", "mode"]))


# --- Table I --------------------------------------------------------------------------------------


def critical_temperatures_of_samples(tables):
    """T_c of every sample, twice its smallest barrier."""
    rows = transitions(tables).dropna(subset="barrier")
    keys = ["model", "particles", "ensemble", "sample"]
    found = rows.groupby(keys, sort=True)["barrier"].agg(["min", "size"]).reset_index()
    return found.assign(critical_temperature=2.0 * found["min"], modes=found["size"])


def critical_temperatures(tables) -> pd.DataFrame:
    """Onset temperatures T_c = 2 min_k DPhi_barrier by size, beside the paper's (Table I).

    The minimum is over all modes of all samples of a size, of those that were excited: barriers
    fall towards low frequency, where the excited modes are. The paper's own sizes are listed
    whether the campaign has them or not.

    Returns
    -------
    pandas.DataFrame
        Columns of `table_critical_temperature`, as the paper declares them.
    """
    found = critical_temperatures_of_samples(tables)
    rows = []
    for model in tables["ensembles"]["model"].unique():
        of_model = found[found["model"] == model]
        if of_model.empty:
            continue
        paper = PUBLISHED[model].critical_temperatures if model in PUBLISHED else {}
        for particles in sorted(set(of_model["particles"]) | set(paper)):
            group = of_model[of_model["particles"] == particles]
            logarithm = np.log(group["critical_temperature"])
            rows.append(
                {
                    "model": model,
                    "particles": int(particles),
                    "critical_temperature": group["critical_temperature"].min(),
                    "samples": len(group),
                    "modes": int(group["modes"].sum()),
                    "paper": paper.get(int(particles), np.nan),
                    "sample_mean": np.exp(logarithm.mean()),
                    "sample_spread": logarithm.std(ddof=1),
                }
            )
    columns = ("model", "particles", "critical_temperature", "samples", "modes", "paper")
    columns += ("sample_mean", "sample_spread")
    return pd.DataFrame(rows, columns=columns)


def shown_critical_temperatures(table) -> pd.DataFrame:
    """Table I as text: sizes of each potential downwards, this campaign beside the paper."""
    rows = []
    for entry in table.itertuples():
        ours = "–"
        if entry.samples:
            ours = f"{entry.critical_temperature:.2g}\n{counted(entry.modes, 'mode')} of "
            ours += counted(entry.samples, "sample")
            if entry.samples > 1:
                ours += f"\nsamples: {entry.sample_mean:.2g} × {np.exp(entry.sample_spread):.2g}^±1"
        paper = f"{entry.paper:.2g}" if np.isfinite(entry.paper) else "–"
        rows.append([f"{model_title(entry.model)}, N = {entry.particles}", ours, paper])
    return pd.DataFrame(rows, columns=["", "T_c, this campaign", "T_c, paper"])


def critical_temperatures_caption(table) -> str:
    """Caption of :func:`shown_critical_temperatures`."""
    return (
        "Onset temperature of the anharmonicities, twice the smallest barrier (Eq. 8) over all "
        "excited modes of all samples of a size; below it the geometric mean over samples of "
        "each sample's own, and the factor of one standard deviation. The minimum of more modes "
        "and samples is lower; the paper does not say how many it took. Only excited modes count, "
        "those of low frequency. The "
        "paper's statement: T_c decreases with increasing N, and possibly goes to zero in the "
        "thermodynamic limit."
    )
