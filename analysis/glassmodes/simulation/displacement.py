"""Mean-squared displacement (Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements, Eq. 3).

MSD(t) = < |r_i(t0 + t) - r_i(t0)|^2 >, averaged over particles i and over all initial times t0 of
a run. The displacement of the centre of mass is removed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import fft

from glassmodes.simulation.time_series import frame_interval

_WORK_BYTES = 256 * 2**20
"""Bytes of a trajectory that are processed at a time."""


def logarithmic_lags(frames, *, points=60) -> np.ndarray:
    """Distinct lags, in frames, from one frame to half of the run, spaced logarithmically.

    Parameters
    ----------
    frames : int
        Number of frames of the run.
    points : int
        Number of lags, before equal ones are merged.

    Returns
    -------
    ndarray of int
    """
    longest = max(1, frames // 2)
    return np.unique(np.rint(np.geomspace(1, longest, points)).astype(int))


def mean_squared_displacement_direct(positions, lags) -> np.ndarray:
    """Mean-squared displacement, averaged over particles and initial times, from the definition.

    Parameters
    ----------
    positions : array_like, shape=(F, N, d)
        Unwrapped positions of F frames, without the motion of the centre of mass.
    lags : array_like of int, shape=(L,)
        Time differences, in frames.

    Returns
    -------
    ndarray, shape=(L,), dtype=float64
    """
    positions = np.asarray(positions, dtype=float)
    return np.array(
        [
            ((positions[lag:] - positions[: len(positions) - lag]) ** 2).sum(axis=2).mean()
            for lag in lags
        ]
    )


def mean_squared_displacement_fft(positions, lags) -> np.ndarray:
    """Mean-squared displacement, averaged over particles and initial times, by Fourier transform.

    The cost is O(F log F) for F frames. Parameters and result are those of
    :func:`mean_squared_displacement_direct`.
    """
    positions = np.asarray(positions, dtype=float)
    frames, particles = positions.shape[:2]
    lags = np.asarray(lags, dtype=int)
    # vibrations are small compared with the coordinates: subtract the mean to keep digits
    series = positions - positions.mean(axis=0)
    series = series.reshape(frames, -1)
    size = fft.next_fast_len(2 * frames, real=True)
    power = (np.abs(fft.rfft(series, size, axis=0)) ** 2).sum(axis=1)
    correlation = fft.irfft(power, size)[:frames]
    square = np.concatenate([[0.0], np.cumsum((series**2).sum(axis=1))])
    # sum over initial times t0 of |r(t0)|^2 + |r(t0 + t)|^2
    squares = square[frames - lags] + square[frames] - square[lags]
    return (squares - 2.0 * correlation[lags]) / ((frames - lags) * particles)


def mean_squared_displacement(trajectory, temperature, *, points=60, method="fft") -> pd.DataFrame:
    """Mean-squared displacement of a stored trajectory, at logarithmically spaced lags.

    Particles are read in groups, so that the trajectory need not fit in memory.

    Parameters
    ----------
    trajectory : mapping
        Group of a trajectory file, with `time` (F) and unwrapped `positions` (F, N, d).
    temperature : float
        Target temperature, for the table.
    points : int
        Number of lags, before those that fall on the same frame are merged.
    method : {"fft", "direct"}
        Algorithm.

    Returns
    -------
    pandas.DataFrame
        Columns temperature, lag (time) and msd (length squared).

    Raises
    ------
    ValueError
        For an unknown method.
    """
    methods = {
        "fft": mean_squared_displacement_fft,
        "direct": mean_squared_displacement_direct,
    }
    if method not in methods:
        raise ValueError(f"method: {method!r} is not one of {', '.join(methods)}")
    positions = trajectory["positions"]
    frames, particles, dimension = positions.shape
    interval = frame_interval(trajectory["time"][:])
    lags = logarithmic_lags(frames, points=points)
    rows = max(1, _WORK_BYTES // (8 * particles * dimension))
    centre = np.concatenate(
        [positions[start : start + rows].mean(axis=1) for start in range(0, frames, rows)]
    )[:, None]
    group = max(1, _WORK_BYTES // (8 * 6 * frames * dimension))
    total = np.zeros(len(lags))
    for start in range(0, particles, group):
        part = positions[:, start : start + group] - centre
        total += methods[method](part, lags) * part.shape[1]
    return pd.DataFrame(
        {"temperature": float(temperature), "lag": lags * interval, "msd": total / particles}
    )
