"""Temperature and potential energy along a run, and checks that they are stationary.

Source: Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements, Eq. 2, Figs S1 and S2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

CHECK_BLOCKS = 10
"""Number of blocks of a run from whose means the errors are computed."""


class TrajectoryError(ValueError):
    """A trajectory cannot be analysed; the message says why."""


def frame_interval(time) -> float:
    """Time between two frames.

    Parameters
    ----------
    time : array_like, shape=(F,)

    Raises
    ------
    TrajectoryError
        If there are fewer than two frames or they are not evenly spaced.
    """
    time = np.asarray(time, dtype=float)
    if len(time) < 2:
        raise TrajectoryError(f"{len(time)} frames; at least two are needed")
    steps = np.diff(time)
    interval = steps.mean()
    if interval <= 0.0 or np.abs(steps - interval).max() > 1e-4 * interval:
        raise TrajectoryError("frames are not evenly spaced in time")
    return float(interval)


def time_series(
    trajectory, temperature, inherent_energy, particles, *, points=1000
) -> pd.DataFrame:
    """Temperature, and potential energy above the inherent structure, of some frames of a run.

    Parameters
    ----------
    trajectory : mapping
        Group of a trajectory file, with `time`, `temperature` (sum v^2 / (d N), Eq. 2) and
        `potential_energy` (total), shape=(F,) each.
    temperature : float
        Target temperature of the run.
    inherent_energy : float
        Total energy of the inherent structure.
    particles : int
        Number of particles N.
    points : int
        Number of frames, evenly spaced; nothing is averaged.

    Returns
    -------
    pandas.DataFrame
        Columns temperature (target), time, temperature_observed, and potential_energy (per
        particle, relative to the inherent structure; 3/2 T in the harmonic limit in three
        dimensions).
    """
    time = trajectory["time"][:]
    kept = np.unique(np.linspace(0, len(time) - 1, min(points, len(time))).astype(int))
    return pd.DataFrame(
        {
            "temperature": float(temperature),
            "time": time[kept],
            "temperature_observed": trajectory["temperature"][:][kept],
            "potential_energy": (trajectory["potential_energy"][:][kept] - inherent_energy)
            / particles,
        }
    )


def dynamics_checks(trajectory, temperature, inherent_energy, particles, dimension=3, msd=None):
    """Numbers that show whether a run is stationary and conserves energy, as one row of a table.

    Parameters
    ----------
    trajectory, temperature, inherent_energy, particles
        As of :func:`time_series`.
    dimension : int
        Space dimension d.
    msd : pandas.DataFrame, optional
        Result of :func:`glassmodes.simulation.mean_squared_displacement` for the run.

    Returns
    -------
    pandas.DataFrame, one row
        temperature (target); frames; duration; mean_temperature (over the d (N - 1) degrees of
        freedom) and temperature_error (its standard error, from block means); temperature_trend
        (mean of the second half over that of the first); potential_trend (the same ratio for the
        potential energy relative to the inherent structure); energy_drift (change of the total
        energy over the run by a straight-line fit, per particle and in units of T); msd_ratio
        (:func:`msd_ratio`, NaN without `msd`).
    """
    time = np.asarray(trajectory["time"][:], dtype=float)
    observed = np.asarray(trajectory["temperature"][:], dtype=float)
    potential = np.asarray(trajectory["potential_energy"][:], dtype=float) - inherent_energy
    total = potential + 0.5 * dimension * particles * observed
    # Eq. 2 counts d N degrees of freedom; with the centre of mass at rest there are d (N - 1)
    kinetic = observed * particles / (particles - 1)
    slope = np.polyfit(time - time.mean(), total, 1)[0]
    half = len(time) // 2
    blocks = [part.mean() for part in np.array_split(kinetic, CHECK_BLOCKS)]
    row = {
        "temperature": float(temperature),
        "frames": len(time),
        "duration": float(time[-1] - time[0]),
        "mean_temperature": kinetic.mean(),
        "temperature_error": np.std(blocks, ddof=1) / np.sqrt(CHECK_BLOCKS),
        "temperature_trend": observed[half:].mean() / observed[:half].mean(),
        "potential_trend": potential[half:].mean() / potential[:half].mean(),
        "energy_drift": slope * (time[-1] - time[0]) / (particles * temperature),
        "msd_ratio": np.nan if msd is None else msd_ratio(msd),
    }
    return pd.DataFrame([row])


EARLY_LAGS = (10.0, 40.0)
"""Range of early lags of :func:`msd_ratio`, in units of time: several periods of the softest modes
of a small glass, but shorter than any motion slower than a vibration.
"""


def msd_ratio(msd) -> float:
    """Mean-squared displacement at late lags over that at early lags; 1 if particles only vibrate.

    Early lags are those within EARLY_LAGS, late lags those above half of the longest lag, that is
    above a quarter of the run.

    Parameters
    ----------
    msd : pandas.DataFrame
        Columns lag and msd of one run.

    Returns
    -------
    float
        NaN if the run is too short for both ranges.
    """
    early = msd["lag"].between(*EARLY_LAGS)
    late = msd["lag"] >= 0.5 * msd["lag"].max()
    if not early.any() or msd["lag"].max() < 2.0 * EARLY_LAGS[1]:
        return float("nan")
    return float(msd.loc[late, "msd"].mean() / msd.loc[early, "msd"].mean())
