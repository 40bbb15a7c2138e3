r"""Lifetimes of vibrational modes from molecular dynamics.

Definitions
-----------
With :math:`A_k(t) = [r(t) - r_{IS}] \cdot e_k` and :math:`\dot A_k = v(t) \cdot e_k`, where r_IS is
the inherent structure and e_k a mode of unit norm,

.. math:: E_k(t) = \tfrac12 \omega_k^2 A_k^2 + \tfrac12 \dot A_k^2, \qquad
          C_k(t) = \langle \delta E_k(t)\,\delta E_k(0)\rangle / \langle \delta E_k^2 \rangle,
          \qquad C_k(\tau_k) = 1/e

(Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements, Eqs 8 and 9). tau_k is the lifetime of
the energy of the mode, tau_k = 1 / Gamma_k with Gamma_k of Eq. 13, which as a line width is a full
width; the amplitude decays at half that rate. Masses are one and frequencies angular.

Finite runs
-----------
The mean of E_k is taken from the same run, which lowers the measured correlation at every lag. For
an exponential C_k, its expected value at the lag tau_k is not 1/e but
:func:`expected_crossing` (tau_k / R), with R the length of the run. The plain 1/e time is therefore
too short by about 3.4 tau_k / R (3 % at R = 100 tau_k, 17 % at 20 tau_k). ``lifetime`` is corrected
for this: it is the lag at which the correlation crosses the value expected at that lag.
``lifetime_uncorrected`` is the plain 1/e time. A lifetime longer than R / :data:`MINIMUM_RUN` is
not reported (NaN, status ``short_run``).

During a run the energy of a mode fluctuates independently only R / tau_k times, and its
distribution is exponential. The lifetime of a single mode therefore has a relative scatter of about
3.5 (tau_k / R)^(1/2), with a skewed distribution. For an exponential C_k the mean of the corrected
lifetimes is correct to 5 % from R = 20 tau_k on and to 1 % from 100 tau_k, but their median is too
low by 22, 11, 7 and 3 % at R = 20, 50, 100 and 300 tau_k (:func:`expected_median`; tested with
thermal noise). Lifetimes of frequency windows, whose autocovariances are averaged over modes first,
have neither defect and are preferable for short runs.

Degenerate modes
----------------
The eigenvectors of a degenerate set, the rule in a crystal, are an arbitrary basis of its space, so
a single E_k depends on the basis. If symmetry connects the modes of the set, all have the same
damping and isotropic noise, and C_k does not depend on the basis. In the theory the mean of Gamma_k
over a set is a trace and never does. As in the paper, lifetimes are given for each mode; in a
crystal, compare means over sets or frequency windows instead of single modes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import fft

from glassmodes.simulation.time_series import TrajectoryError, frame_interval

MINIMUM_RUN = 5.0
"""Shortest run, in units of the lifetime, from which a lifetime is reported."""

BLOCKS = 10
"""Number of blocks of a run, from which the errors of lifetimes (jackknife) and of mean energies
(scatter of block means) are computed.
"""

WINDOW = 0.5
"""Width of the frequency windows, that of the bins in Fig. 2 of the paper."""

_PRECISIONS = {"single": np.float32, "double": np.float64}
_ESTIMATES = (
    "lifetime",
    "lifetime_error",
    "lifetime_uncorrected",
    "lifetime_half",
    "lifetime_quarter",
    "mean_energy",
    "mean_energy_error",
)
_WORK_BYTES = 64 * 2**20


class ModeEnergies:
    """Energies E_k(t) of vibrational modes (Eq. 8), computed frame by frame.

    :meth:`project` returns the energies of given frames. A running simulation that stores no frames
    can :meth:`add` them one after another and read :attr:`series` at the end.

    Parameters
    ----------
    frequency_squared : array_like, shape=(n,)
        Eigenvalues of the modes.
    vectors : array_like, shape=(n, N, d)
        Orthonormal eigenvectors, without translations.
    reference : array_like, shape=(N, d)
        Inherent structure r_IS, wrapped into the box.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.
    precision : {"double", "single"}
        Precision of the matrix products; displacements are always in double precision.

    Raises
    ------
    ValueError
        If the precision is unknown, or modes and reference have different shapes.
    """

    def __init__(self, frequency_squared, vectors, reference, box, *, precision="double"):
        if precision not in _PRECISIONS:
            raise ValueError(f"precision: {precision!r} is not one of {', '.join(_PRECISIONS)}")
        dtype = _PRECISIONS[precision]
        vectors = np.asarray(vectors)
        self._frequency_squared = np.asarray(frequency_squared, dtype=dtype)[:, None]
        self._vectors = vectors.reshape(len(vectors), -1).astype(dtype, copy=False)
        self._reference = np.asarray(reference, dtype=float)
        if vectors.shape[1:] != self._reference.shape:
            raise ValueError(
                f"modes of shape {vectors.shape[1:]} do not fit positions of shape "
                f"{self._reference.shape}"
            )
        self._box = np.asarray(box, dtype=float)
        self._image = None
        self._chunks = []

    def project(self, positions, velocities) -> np.ndarray:
        """Energies of all modes in some frames.

        Parameters
        ----------
        positions, velocities : array_like, shape=(F, N, d)
            Unwrapped positions, and velocities; the motion of the centre of mass is removed.

        Returns
        -------
        energies : ndarray, shape=(n, F), dtype=float32

        Raises
        ------
        TrajectoryError
            If a position or velocity is not finite.
        """
        positions = np.asarray(positions, dtype=float)
        if self._image is None:
            # the trajectory is unwrapped, the reference is wrapped: shift each of its particles to
            # the periodic image nearest to the first frame
            first = positions[0] - self._reference
            first = first - first.mean(axis=0)
            shift = np.rint(first / self._box) * self._box
            self._image = self._reference + shift
        energies = 0.5 * self._frequency_squared * self._amplitudes(positions - self._image) ** 2
        energies += 0.5 * self._amplitudes(np.array(velocities, dtype=float)) ** 2
        if not np.isfinite(energies).all():
            raise TrajectoryError("a frame holds positions or velocities that are not finite")
        return energies.astype(np.float32)

    def add(self, positions, velocities):
        """Append the energies of frames to the series; parameters as of :meth:`project`."""
        self._chunks.append(self.project(positions, velocities))

    def _amplitudes(self, field):
        """Projection of F fields on the modes, without uniform translation, shape=(n, F)."""
        field -= field.mean(axis=1, keepdims=True)
        flat = field.reshape(len(field), -1).astype(self._vectors.dtype, copy=False)
        return self._vectors @ flat.T

    @property
    def series(self) -> np.ndarray:
        """E_k(t) of all frames added so far, shape=(n, F), dtype=float32."""
        if len(self._chunks) > 1:
            self._chunks = [np.concatenate(self._chunks, axis=1)]
        return self._chunks[0]


def mode_energies(
    trajectory, frequency_squared, vectors, reference, box, *, precision="double", chunk=None
) -> np.ndarray:
    """Energies of modes along a stored trajectory, read in chunks of frames.

    Parameters
    ----------
    trajectory : mapping
        Group of a trajectory file with `positions` and `velocities`, shape=(F, N, d).
    frequency_squared, vectors, reference, box, precision
        As of :class:`ModeEnergies`.
    chunk : int, optional
        Number of frames read at a time; by default as many as fit in 64 MB.

    Returns
    -------
    energies : ndarray, shape=(n, F), dtype=float32

    Raises
    ------
    TrajectoryError
        If positions and velocities have different shapes or are not finite.
    """
    positions, velocities = trajectory["positions"], trajectory["velocities"]
    frames = positions.shape[0]
    if velocities.shape != positions.shape:
        raise TrajectoryError(
            f"positions have shape {positions.shape}, velocities {velocities.shape}"
        )
    if chunk is None:
        chunk = max(16, _WORK_BYTES // (8 * max(len(vectors), positions[0].size)))
    recorder = ModeEnergies(frequency_squared, vectors, reference, box, precision=precision)
    energies = np.empty((len(vectors), frames), dtype=np.float32)
    for start in range(0, frames, chunk):
        stop = min(frames, start + chunk)
        energies[:, start:stop] = recorder.project(positions[start:stop], velocities[start:stop])
    return energies


def energy_autocorrelation(energies, *, lags=None, normalised=True) -> np.ndarray:
    """Autocorrelation of the energy fluctuations of modes (Eq. 9), by Fourier transform.

    The sum at each lag is divided by its number of pairs of frames. The mean is that of the run;
    see the module on finite runs.

    Parameters
    ----------
    energies : array_like, shape=(n, F)
        Energies of the modes.
    lags : int, optional
        Number of lags from zero on; half the number of frames by default.
    normalised : bool
        Whether to divide by the value at lag zero.

    Returns
    -------
    correlation : ndarray, shape=(n, lags), dtype=float64
    """
    energies = np.atleast_2d(energies)
    frames = energies.shape[1]
    lags = frames // 2 if lags is None else lags
    size = fft.next_fast_len(frames + lags, real=True)
    correlation = np.empty((len(energies), lags))
    rows = max(1, _WORK_BYTES // (16 * size))
    for start in range(0, len(energies), rows):
        block = energies[start : start + rows].astype(float)
        block -= block.mean(axis=1, keepdims=True)
        power = np.abs(fft.rfft(block, size, axis=1)) ** 2
        correlation[start : start + rows] = fft.irfft(power, size, axis=1)[:, :lags]
    correlation /= frames - np.arange(lags)
    return _normalised(correlation) if normalised else correlation


def _pair_sums(energies, blocks, lags):
    """Sums of dE(s) dE(s + t) over the pairs that start in each block, shape=(n, blocks, lags).

    Also returns the numbers of pairs, shape=(blocks, lags).
    """
    frames = energies.shape[1]
    edges = np.linspace(0, frames, blocks + 1).astype(int)
    deviations = energies.astype(float)
    deviations -= deviations.mean(axis=1, keepdims=True)
    sums = np.empty((len(energies), blocks, lags))
    longest = int(np.diff(edges).max())
    size = fft.next_fast_len(longest + lags, real=True)
    for b, (start, stop) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        reach = deviations[:, start : stop + lags]
        head = fft.rfft(deviations[:, start:stop], size, axis=1)
        product = np.conj(head) * fft.rfft(reach[:, :size], size, axis=1)
        sums[:, b] = fft.irfft(product, size, axis=1)[:, :lags]
    return sums, _pair_counts(edges, frames, lags)


def _pair_counts(edges, frames, lags):
    """Number of pairs of frames that start in each block, shape=(blocks, lags)."""
    start, length = edges[:-1, None], np.diff(edges)[:, None]
    return np.clip(frames - np.arange(lags) - start, 0, length)


def expected_crossing(ratio) -> np.ndarray:
    """Expected value of the measured correlation of an exponential process at the lag tau.

    For C(t) = exp(-t / tau) and a run of length R, it is the exact mean of the lag products at the
    lag tau, after subtraction of the mean of the run, over that at lag zero. It tends to 1/e as R
    grows.

    Parameters
    ----------
    ratio : array_like
        tau / R, less than one.

    Returns
    -------
    ndarray
    """
    x = np.asarray(ratio, dtype=float)

    def covariance(lag):
        # lag and tau in units of R; the three terms are C(t), twice <E(s) mean>, and <mean^2>
        length = 1.0 - lag
        ends = x * (1.0 - np.exp(-length / x)) + x * (np.exp(-lag / x) - np.exp(-1.0 / x))
        return np.exp(-lag / x) - 2.0 * x * (2.0 - ends / length) + _mean_square(x)

    return covariance(x) / covariance(np.zeros_like(x))


def _mean_square(x):
    """Variance of the mean of a run over the variance of its values, for C(t) = exp(-t / (x R))."""
    return 2.0 * x * (1.0 - x * (1.0 - np.exp(-1.0 / x)))


def crossing_time(correlation, level, interval) -> np.ndarray:
    """First time at which a correlation falls to a level.

    Between two frames the ratio of correlation and level is interpolated linearly in its logarithm,
    which is exact for exponentials, or in its value if the correlation is not positive.

    Parameters
    ----------
    correlation : array_like, shape=(..., L)
        Normalised correlation, from lag zero on.
    level : array_like, shape=(L,) or scalar
        Positive level at each lag.
    interval : float
        Time between two lags.

    Returns
    -------
    ndarray, shape=(...)
        NaN where the correlation does not fall to the level.
    """
    ratio = np.asarray(correlation) / level
    below = ratio <= 1.0
    after = np.argmax(below, axis=-1)
    found = np.take_along_axis(below, after[..., None], axis=-1)[..., 0] & (after > 0)
    after = np.maximum(after, 1)
    left = np.take_along_axis(ratio, after[..., None] - 1, axis=-1)[..., 0]
    right = np.take_along_axis(ratio, after[..., None], axis=-1)[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithmic = np.log(left) / (np.log(left) - np.log(right))
        linear = (left - 1.0) / (left - right)
        part = np.where(right > 0.0, logarithmic, linear)
    return np.where(found, (after - 1 + part) * interval, np.nan)


def expected_median(run) -> np.ndarray:
    """Median of measured lifetimes of single modes over the true lifetime, for exponential C_k.

    Interpolated between simulated runs with thermal amplitudes (complex Ornstein-Uhlenbeck
    processes), 3,000 modes each.

    Parameters
    ----------
    run : array_like
        Length of the run in units of the lifetime, 20 or more.

    Returns
    -------
    ndarray
    """
    runs = np.array([20.0, 50.0, 100.0, 300.0, 1000.0])
    medians = np.array([0.782, 0.886, 0.929, 0.972, 0.991])
    return np.interp(np.log(run), np.log(runs), medians)


def estimate_lifetimes(energies, interval, *, blocks=BLOCKS, window_index=None):
    """Lifetimes and mean energies of modes from their energies along a run.

    The error of a lifetime is the jackknife estimate over blocks of the run: the lag products that
    start in one block are left out in turn. The error of a mean energy is the standard error of the
    block means.

    Parameters
    ----------
    energies : array_like, shape=(n, F)
        Energies of the modes.
    interval : float
        Time between two frames.
    blocks : int
        Number of blocks.
    window_index : array_like of int, shape=(n,), optional
        Frequency window of each mode.

    Returns
    -------
    table : pandas.DataFrame, n rows
        lifetime, lifetime_error, lifetime_uncorrected, lifetime_half, lifetime_quarter (the same
        estimate from the first half and the first quarter of the run), mean_energy,
        mean_energy_error, run_length, status ("ok" or "short_run").
    window_sums : dict
        For each window the lag products summed over its modes, shape=(blocks, L), with L lags up to
        the length of the run over MINIMUM_RUN.

    Raises
    ------
    TrajectoryError
        If there are fewer than four frames in a block.
    """
    energies = np.atleast_2d(energies)
    modes, frames = energies.shape
    if frames < 4 * blocks:
        raise TrajectoryError(f"{frames} frames; at least {4 * blocks} are needed")
    lags, level = _lags_and_level(frames)
    lifetime, plain, error = np.empty((3, modes))
    window_sums = {}
    rows = max(1, _WORK_BYTES // (8 * 4 * blocks * lags))
    for start in range(0, modes, rows):
        part = slice(start, start + rows)
        sums, counts = _pair_sums(energies[part], blocks, lags)
        lifetime[part], plain[part], error[part] = _lifetimes_of_sums(sums, counts, level, interval)
        if window_index is not None:
            indices = np.asarray(window_index)[part]
            for index in np.unique(indices):
                total = sums[indices == index].sum(axis=0)
                window_sums[int(index)] = window_sums.get(int(index), 0.0) + total
    block_means = [
        part.mean(axis=1, dtype=float) for part in np.array_split(energies, blocks, axis=1)
    ]
    table = pd.DataFrame(
        {
            "lifetime": lifetime,
            "lifetime_error": error,
            "lifetime_uncorrected": np.where(np.isfinite(lifetime), plain, np.nan),
            "lifetime_half": _lifetime_of_start(energies, interval, 2),
            "lifetime_quarter": _lifetime_of_start(energies, interval, 4),
            "mean_energy": energies.mean(axis=1, dtype=float),
            "mean_energy_error": np.std(block_means, axis=0, ddof=1) / np.sqrt(blocks),
            "run_length": frames * interval,
            "status": np.where(np.isfinite(lifetime), "ok", "short_run"),
        }
    )
    return table, window_sums


def _lags_and_level(frames):
    """Number of lags that are searched, and the value that the correlation must cross at each."""
    lags = int(frames / MINIMUM_RUN) + 2
    expected = expected_crossing(np.arange(1, lags) / frames)
    # a level just below one at lag zero, so that the correlation starts above it
    return lags, np.concatenate([[1.0 - 1e-12], expected])


def _normalised(correlation):
    """Correlation over its value at lag zero."""
    # NaN for a mode whose energy does not change at all
    start = correlation[..., :1]
    return correlation / np.where(start > 0.0, start, np.nan)


def _lifetimes_of_sums(sums, counts, level, interval):
    """Corrected lifetimes, plain 1/e times and jackknife errors from sums, shape=(n, blocks, L)."""
    total, pairs = sums.sum(axis=1), counts.sum(axis=0)
    correlation = _normalised(total / pairs)
    left_out = (total[:, None] - sums) / (pairs - counts)
    left_out = crossing_time(_normalised(left_out), level, interval)
    spread = left_out - left_out.mean(axis=1, keepdims=True)
    blocks = sums.shape[1]
    return (
        crossing_time(correlation, level, interval),
        crossing_time(correlation, np.exp(-1.0), interval),
        np.sqrt((blocks - 1.0) / blocks * (spread**2).sum(axis=1)),
    )


def _lifetime_of_start(energies, interval, divisor):
    """Lifetimes from the first part of a run; NaN if that part is too short."""
    start = energies[:, : energies.shape[1] // divisor]
    lags, level = _lags_and_level(start.shape[1])
    correlation = energy_autocorrelation(start, lags=lags, normalised=False)
    return crossing_time(_normalised(correlation), level, interval)


def lifetimes(
    trajectory,
    modes,
    reference,
    box,
    temperature,
    *,
    rearranged=False,
    precision="double",
    memory=2 * 2**30,
    window=WINDOW,
    blocks=BLOCKS,
):
    """Lifetimes of all modes of one sample at one temperature, from its stored trajectory.

    Modes are processed in groups, so that E_k(t) of a group fits in `memory`; the trajectory is
    read once for each group.

    Parameters
    ----------
    trajectory : mapping
        Group of a trajectory file, with `time` (F), `positions` and `velocities` (F, N, d).
    modes : glassmodes.data.storage.Modes
        Modes of the inherent structure.
    reference : array_like, shape=(N, d)
        Inherent structure, wrapped into the box.
    box : array_like, shape=(d,)
        Edge lengths of the periodic box.
    temperature : float
        Target temperature of the run.
    rearranged : bool
        Whether the inherent structure changed during the run. If so, the modes are not those of the
        system all the time, and no lifetimes are given (NaN, status ``rearranged``).
    precision : {"double", "single"}
        Precision of the matrix products.
    memory : int
        Bytes for E_k(t).
    window : float
        Width of the frequency windows; the first one starts at zero.
    blocks : int
        Number of blocks for the errors.

    Returns
    -------
    tables : dict of pandas.DataFrame
        ``lifetimes``: temperature, mode, frequency, lifetime, lifetime_error, mean_energy,
        rearranged, and the other columns of :func:`estimate_lifetimes`. ``window_lifetimes`` and
        ``energy_autocorrelation``: see :func:`average_windows`; empty for a rearranged run.

    Raises
    ------
    TrajectoryError
        If the trajectory is too short, not finite, or its frames are not evenly spaced.
    """
    frequency_squared = np.asarray(modes.frequency_squared, dtype=float)
    frequency = np.sqrt(np.clip(frequency_squared, 0.0, None))
    index = np.floor(frequency / window).astype(int)
    count = len(frequency)
    interval = frame_interval(trajectory["time"][:])
    frames = trajectory["positions"].shape[0]
    window_sums = {}
    if rearranged:
        table = pd.DataFrame(np.nan, index=range(count), columns=_ESTIMATES)
        table = table.assign(run_length=frames * interval, status="rearranged")
    else:
        group = max(1, min(count, int(memory // (4 * frames))))
        tables = []
        for start in range(0, count, group):
            part = slice(start, start + group)
            energies = mode_energies(
                trajectory,
                frequency_squared[part],
                modes.vectors[part],
                reference,
                box,
                precision=precision,
            )
            found, sums = estimate_lifetimes(
                energies, interval, blocks=blocks, window_index=index[part]
            )
            tables.append(found)
            for key, value in sums.items():
                window_sums[key] = window_sums.get(key, 0.0) + value
        table = pd.concat(tables, ignore_index=True)
    table.insert(0, "temperature", float(temperature))
    table.insert(1, "mode", np.arange(count))
    table.insert(2, "frequency", frequency)
    table.insert(6, "rearranged", bool(rearranged))
    windows, curves = average_windows(window_sums, frames, interval, window)
    windows["modes"] = [int((index == key).sum()) for key in sorted(window_sums)]
    for averaged in (windows, curves):
        averaged.insert(0, "temperature", float(temperature))
    return {
        "lifetimes": table,
        "window_lifetimes": windows,
        "energy_autocorrelation": curves,
    }


def average_windows(window_sums, frames, interval, window, *, points=100):
    """Energy autocorrelation and lifetime of each frequency window.

    The autocovariances of the modes of a window are added before they are normalised, so that the
    noise of single modes does not bias the average.

    Parameters
    ----------
    window_sums : dict
        Lag products of each window, from :func:`estimate_lifetimes`.
    frames : int
        Number of frames of the run.
    interval : float
        Time between two frames.
    window : float
        Width of the frequency windows.
    points : int
        Number of lags kept of a curve, half of them evenly and half logarithmically spaced.

    Returns
    -------
    windows : pandas.DataFrame
        window (central frequency), lifetime, lifetime_error (jackknife over blocks of the run).
    curves : pandas.DataFrame
        window, lag, value. If the window has a lifetime tau, the value is corrected for the
        subtraction of the mean of the run, which takes about 2 tau / R of the variance from each
        lag.
    """
    lags, level = _lags_and_level(frames)
    kept = np.linspace(0, lags - 1, points // 2), np.geomspace(1, lags - 1, points // 2)
    kept = np.unique(np.concatenate(kept).astype(int))
    windows = {"window": [], "lifetime": [], "lifetime_error": []}
    curves = {"window": [], "lag": [], "value": []}
    for index in sorted(window_sums):
        sums = window_sums[index]
        edges = np.linspace(0, frames, len(sums) + 1).astype(int)
        counts = _pair_counts(edges, frames, lags)
        lifetime, _, error = _lifetimes_of_sums(sums[None], counts, level, interval)
        centre = (index + 0.5) * window
        windows["window"].append(centre)
        windows["lifetime"].append(lifetime[0])
        windows["lifetime_error"].append(error[0])
        correlation = _normalised(sums.sum(axis=0) / counts.sum(axis=0))
        if np.isfinite(lifetime[0]):
            lost = _mean_square(lifetime[0] / (frames * interval))
            correlation = correlation * (1.0 - lost) + lost
        curves["window"].extend([centre] * len(kept))
        curves["lag"].extend(kept * interval)
        curves["value"].extend(correlation[kept])
    return pd.DataFrame(windows, dtype=float), pd.DataFrame(curves, dtype=float)
