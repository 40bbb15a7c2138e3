"""Modes of soft spots in the paper's units, as figures and claims take them.

One soft spot has a harmonic, a quartic and a cubic mode (subscripts 2, 4 and 3 of the paper);
:func:`families` puts them side by side.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from glassmodes.papers.kapteijns2020_nqe.glasses import described, units

BOUND = 3.0
"""tau^2 / (kappa chi) above which the quartic expansion has a lower second minimum (Eq. 32)."""

SAME_SPOT = 0.5
"""Overlap from which two modes are of the same soft spot: those of two spots have nearly none."""

ORDERS = {"harmonic": 2, "cubic": 3, "quartic": 4}
"""The paper's subscript of each kind of mode."""

BELOW_PHONON = 0.5
"""Frequencies of modes far below the first phonon, in units of its frequency: there modes are
quasilocalized and hybridise little."""

_KEYS = ["ensemble", "sample", "mode"]


def modes_in_units(tables) -> pd.DataFrame:
    """Converged rows of `quasilocalized` in the paper's units.

    Returns
    -------
    pandas.DataFrame
        ensemble, sample, kind, mode, start; model, label, dimension, particles, density,
        protocol, parent_temperature, saturated, of_paper; edge = N^(1/d), first_phonon =
        2 pi / edge (of the first transverse phonon); omega, kappa, tau, chi, nu (of the shear
        x -> x + g y, absolute), participants, response (|U'''':zzz / chi|), overlap_harmonic,
        overlap_quartic, difference.
    """
    rows = tables["quasilocalized"]
    rows = rows[rows["converged"] & (rows["stiffness"] > 0.0)]
    found = units(tables)
    rows = rows[rows["ensemble"].isin(found)]
    columns = ["ensemble", "model", "label", "dimension", "particles", "density"]
    columns += ["protocol", "parent_temperature", "saturated", "of_paper"]
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
_OF_ENSEMBLE += ["parent_temperature", "saturated", "of_paper", "edge", "first_phonon"]


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
    rows = modes_in_units(tables)
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


def positive(rows, *columns) -> pd.DataFrame:
    """Rows with positive, finite values of some columns."""
    chosen = np.ones(len(rows), dtype=bool)
    for column in columns:
        chosen &= np.isfinite(rows[column]) & (rows[column] > 0.0)
    return rows[chosen].reset_index(drop=True)


def far_below_phonons(rows) -> pd.DataFrame:
    """Pairs that the convergence is fitted to: omega_4 well below the first phonon.

    With `denominator` = 1 - (omega_2 / omega_phonon)^2, by which Eq. 17 differs from its limit
    where the first phonon dominates the sum.
    """
    rows = positive(rows, "omega_4", "omega_2", "energy_gap", "structure_gap")
    rows = rows[rows["omega_4"] < BELOW_PHONON * rows["first_phonon"]].reset_index(drop=True)
    return rows.assign(denominator=1.0 - (rows["omega_2"] / rows["first_phonon"]) ** 2)
