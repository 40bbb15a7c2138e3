"""The boson peak that bounds the low-frequency window, from a campaign's own spectra.

w_BP is where the reduced density of states g(w)/w^(d-1) has its maximum (mizuno2020_anharmonic,
section II B); the level of that maximum is given over the Debye level A_D = d / w_D^d of the moduli
of the same samples (PHYSICS 9).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from glassmodes.modes.densities import boson_peak

_FEWEST = 20
"""Modes of all samples below the frequencies where the peak is looked for."""

_BANDWIDTH = 0.15
"""Standard deviation in ln w with which spectra are smoothed."""


class BosonPeakError(ValueError):
    """Spectra from which no boson peak can be taken; says which."""


@dataclass(frozen=True)
class BosonPeakEstimate:
    """Columns of the table `boson_peak`.

    Attributes
    ----------
    frequency, frequency_error : float
        w_BP, and its standard deviation over bootstrap samples.
    level, level_error : float
        g(w_BP) / (A_D w_BP^(d-1)).
    samples : int
        Spectra that went into it.
    resolved : bool
        False where the reduced density still rises towards the few lowest modes: more, or larger,
        samples are needed to see its maximum.
    """

    frequency: float
    frequency_error: float
    level: float
    level_error: float
    samples: int
    resolved: bool


def estimate_boson_peak(
    modes: pd.DataFrame,
    moduli: pd.DataFrame,
    particles: int,
    rng,
    dimension: int = 3,
) -> BosonPeakEstimate:
    """w_BP of complete spectra.

    Parameters
    ----------
    modes : DataFrame
        Table `modes` of one ensemble: every mode of every sample, or every one below a frequency
        (column `complete_below`) well above the peak.
    moduli : DataFrame
        Table `moduli` of the same samples.
    particles : int
        N.
    rng : numpy.random.Generator
        Of the bootstrap.
    dimension : int

    Returns
    -------
    BosonPeakEstimate

    Raises
    ------
    BosonPeakError
        Without spectra, without a stable sample to give the Debye level, or if the spectra end
        before the reduced density does fall.
    """
    if not len(modes):
        raise BosonPeakError("no sample has modes: there is no spectrum to take a boson peak from")
    spectra = [group["frequency"].to_numpy() for _, group in modes.groupby("sample")]
    complete = float(modes["complete_below"].min())
    together = np.sort(modes["frequency"].to_numpy())
    # smoothing must find all modes within two bandwidths
    end = min(together[len(together) // 2], complete * np.exp(-2.0 * _BANDWIDTH))
    search = (together[min(_FEWEST, len(together) - 1)], end)
    if not search[0] < search[1]:
        raise BosonPeakError(
            f"{len(together)} modes, complete below {complete:.6g}, are too few for a boson peak; "
            "studies.modes.request must ask for more"
        )
    peak = boson_peak(
        spectra,
        rng=rng,
        dimension=dimension,
        modes_per_sample=dimension * (particles - 1),
        bandwidth=_BANDWIDTH,
        search=search,
    )
    if peak.frequency > 0.98 * search[1]:
        raise BosonPeakError(
            f"the reduced density of states still rises where the spectra end, at {complete:.6g}; "
            "studies.modes.request must ask for more"
        )
    debye = float(moduli["debye_level"].mean())
    if not np.isfinite(debye):
        raise BosonPeakError("no sample has a positive shear modulus: there is no Debye level")
    return BosonPeakEstimate(
        peak.frequency,
        peak.frequency_error,
        peak.height / debye,
        peak.height_error / debye,
        len(spectra),
        bool(peak.frequency > 1.02 * search[0]),
    )
