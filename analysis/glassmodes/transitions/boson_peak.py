"""Frequency of the boson peak, from the vibrational spectra of a campaign.

The boson peak w_BP is the maximum of the reduced density of states g(w) / w^(d-1) (Mizuno, Shimada
and Ikeda, Phys. Rev. Research 2, 013215 (2020), section II B). Its level is given in units of the
Debye level A_D = d / w_D^d from the elastic moduli of the same samples
(:mod:`glassmodes.mechanics.debye`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from glassmodes.modes.densities import boson_peak

_FEWEST = 20
"""Number of modes, of all samples together, below the frequencies at which the peak is searched."""

_BANDWIDTH = 0.15
"""Standard deviation of the Gaussian in ln w with which spectra are smoothed."""


class BosonPeakError(ValueError):
    """Spectra do not allow a boson peak to be determined; the message says why."""


@dataclass(frozen=True)
class BosonPeakEstimate:
    """Boson peak of one ensemble (columns of the table `boson_peak`).

    Attributes
    ----------
    frequency, frequency_error : float
        w_BP, an angular frequency, and its standard error by bootstrap over samples.
    level, level_error : float
        g(w_BP) / (A_D w_BP^(d-1)), and its standard error.
    samples : int
        Number of spectra.
    resolved : bool
        False if the reduced density still rises towards the few lowest modes, so that more or
        larger samples are needed to see its maximum.
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
    """Boson peak of the spectra of one ensemble.

    Parameters
    ----------
    modes : DataFrame
        Table `modes` of the ensemble: all modes of each sample, or all below a frequency (column
        `complete_below`) well above the peak.
    moduli : DataFrame
        Table `moduli` of the same samples.
    particles : int
        Number of particles N.
    rng : numpy.random.Generator
        Random numbers of the bootstrap.
    dimension : int
        Space dimension d.

    Returns
    -------
    BosonPeakEstimate

    Raises
    ------
    BosonPeakError
        If there is no spectrum, no sample has a finite Debye level, or the spectra end before the
        reduced density of states decreases.
    """
    if not len(modes):
        raise BosonPeakError("no sample has modes: there is no spectrum to take a boson peak from")
    spectra = [group["frequency"].to_numpy() for _, group in modes.groupby("sample")]
    complete = float(modes["complete_below"].min())
    together = np.sort(modes["frequency"].to_numpy())
    # smoothing needs all modes within two bandwidths
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
