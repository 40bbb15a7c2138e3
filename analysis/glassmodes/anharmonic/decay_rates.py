"""Decay rates of vibrational modes by perturbation theory to third order in the displacements.

In the classical limit (Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements, Eq. 13) the
rate per temperature is the sum of two parts:

    Gamma_k / T = (pi/4) sum_lm |V_klm|^2 / (w_l^2 w_m^2)
                  { 1/2 delta(w_k - w_l - w_m)       splitting
                    +   delta(w_k + w_l - w_m) }     combining

The quantum rate is that paper's Eq. 10 with the occupation numbers n_l and n_m of Fermi's golden
rule; the printed indices would not give the classical limit:

    Gamma_k = (pi hbar/4) sum_lm |V_klm|^2 / (w_k w_l w_m)
              { 1/2 (1 + n_l + n_m) delta(w_k - w_l - w_m) + (n_l - n_m) delta(w_k + w_l - w_m) }

Gamma_k is the decay rate of fluctuations of the energy of the mode, tau_k = 1/Gamma_k; as a line
width it is a full width. Each delta function is replaced by a normalised Gaussian with standard
deviation `broadening`, cut off at `truncation` standard deviations. Masses are one, modes have
unit norm, and frequencies are angular.

Algorithm. V is symmetric in its indices, and only triples with w_a close to w_l + w_m contribute.
Each such triple with l <= m is evaluated once and contributes to the splitting of a and to the
combining of l and m. For a batch of modes a:

1. Compute U''' . e^a as dense strips, one for each particle
(:mod:`glassmodes.anharmonic.vertices`). 2. For a panel of columns l, gather the neighbours of each
strip and multiply: Y = H^a e^l. 3. For the modes m that can be resonant, compute V = E_m . Y, one
dense product.

All the work is in dense matrix products. Batches are independent of each other: they are
distributed over the ranks and are the unit of restart. Their results are added in a fixed order, so
that the sum does not depend on the ranks.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numba import njit
from threadpoolctl import threadpool_limits

PRECISIONS = {"single": np.float32, "double": np.float64}
"""Precisions of the matrix products."""


class DecayRateError(ValueError):
    """Modes or settings do not allow decay rates to be computed; the message says why."""


@dataclass(frozen=True)
class DecayRates:
    """Decay rates of all modes of one sample.

    Attributes
    ----------
    frequency : ndarray, shape=(n,)
        Angular frequency of each mode.
    splitting, combining : ndarray, shape=(n,)
        The two parts of the classical Gamma_k / T.
    broadening : float
        Standard deviation of the Gaussian for each delta function.
    quantum : ndarray, shape=(S, 2, n)
        Splitting and combining parts of the quantum Gamma_k at each of S temperatures.
    """

    frequency: np.ndarray
    splitting: np.ndarray
    combining: np.ndarray
    broadening: float
    quantum: np.ndarray

    def table(self) -> pd.DataFrame:
        """Rows of the table `decay_rates`, without the columns ensemble and sample."""
        return pd.DataFrame(
            {
                "mode": np.arange(len(self.frequency)),
                "frequency": self.frequency,
                "decay_rate_per_temperature": self.splitting + self.combining,
                "splitting": self.splitting,
                "combining": self.combining,
                "broadening": self.broadening,
            }
        )


@njit(cache=True, fastmath=True)
def _apply_strips(strips, starts, columns, modes, panel, products):
    """Set products[(particle, axis), (mode, l)] = H^mode panel from dense strips."""
    n = len(starts) - 1
    width = panel.shape[1]
    d = panel.shape[0] // n
    longest = 0
    for i in range(n):
        longest = max(longest, starts[i + 1] - starts[i])
    gathered = np.empty((longest * d, width), panel.dtype)
    result = np.empty((modes * d, width), panel.dtype)
    for i in range(n):
        count = starts[i + 1] - starts[i]
        for slot in range(count):
            j = columns[starts[i] + slot]
            for a in range(d):
                gathered[slot * d + a, :] = panel[j * d + a, :]
        begin = modes * d * d * starts[i]
        strip = strips[begin : begin + modes * d * d * count].reshape((modes * d, d * count))
        np.dot(strip, gathered[: d * count], result)
        for k in range(modes):
            for a in range(d):
                products[i * d + a, k * width : (k + 1) * width] = result[k * d + a, :]


@njit(cache=True, fastmath=True, error_model="numpy")
def _accumulate(
    vertex,
    first_sum,
    first_l,
    first_m,
    panel_width,
    w,
    inverse_square,
    over_w,
    over_w_occupied,
    broadening,
    truncation,
    rates,
):
    """Add a block of vertices, rows m and columns (a, l), to the rates, shape=(1 + S, 2, n)."""
    rows, columns = vertex.shape
    n = len(w)
    norm = 1.0 / (broadening * np.sqrt(2.0 * np.pi))
    scale = 1.0 / (2.0 * broadening * broadening * 256.0)
    reach = truncation * broadening
    weight = np.empty(panel_width)
    for group in range(columns // panel_width):
        a = first_sum + group
        for row in range(rows):
            m = first_m + row
            last = min(panel_width, n - first_l, m - first_l + 1)
            gap = w[a] - w[m]
            if last <= 0 or gap - w[first_l] < -reach or gap - w[first_l + last - 1] > reach:
                continue
            for c in range(last):
                off = gap - w[first_l + c]
                # exp(-y) = (exp(-y/256))^256 by its series, accurate to 1e-13 for y < 50; unlike
                # a call of exp, this vectorises
                y = off * off * scale
                e = 1.0 - y / 7.0 * (1.0 - y / 8.0)
                e = 1.0 - y / 4.0 * (1.0 - y / 5.0 * (1.0 - y / 6.0 * e))
                e = 1.0 - y * (1.0 - y / 2.0 * (1.0 - y / 3.0 * e))
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                e = e * e
                v = np.float64(vertex[row, group * panel_width + c])
                weight[c] = norm * e * v * v if abs(off) < reach else 0.0
            if first_l + last - 1 == m:
                # the pair l = m occurs once in the sums over l and m, other pairs twice
                weight[last - 1] *= 0.5
            split = 0.0
            for c in range(last):
                low = first_l + c
                split += weight[c] * inverse_square[low]
                rates[0, 1, low] += weight[c] * inverse_square[m] * inverse_square[a]
            rates[0, 0, a] += split * inverse_square[m]
            rates[0, 1, m] += split * inverse_square[a]
            for s in range(len(over_w)):
                p = over_w[s]
                q = over_w_occupied[s]
                both = 0.0
                up = 0.0
                for c in range(last):
                    low = first_l + c
                    both += weight[c] * (p[low] * p[m] + q[low] * p[m] + p[low] * q[m])
                    up += weight[c] * (q[low] * p[a] - p[low] * q[a])
                    rates[s + 1, 1, low] += weight[c] * p[low] * (q[m] * p[a] - p[m] * q[a])
                rates[s + 1, 0, a] += both * p[a]
                rates[s + 1, 1, m] += up * p[m]


BATCH = 16
"""Number of modes a in a batch; their strips give the product of step 2 an efficient shape."""

PANEL = 32
"""Number of columns l in a panel; more make products faster but the window of modes m wider."""


class _Sums:
    """Arrays and settings that all batches of one sample share."""

    def __init__(self, vertices, modes, broadenings, precision, truncation, hbar, temperatures):
        if precision not in PRECISIONS:
            raise DecayRateError(f"precision {precision!r} is not one of {', '.join(PRECISIONS)}")
        if not modes.frequency_squared.min() > 0.0:
            raise DecayRateError(
                f"a mode has frequency squared {modes.frequency_squared.min():.3g}: "
                "decay rates need a stable inherent structure, translations left out"
            )
        self.dtype = PRECISIONS[precision]
        self.vertices = vertices
        self.w = np.ascontiguousarray(modes.frequency)
        self.n = len(self.w)
        self.broadenings, self.truncation = broadenings, truncation
        fields = modes.vectors[:, vertices.order, :]
        self.size = fields.shape[1] * fields.shape[2]
        self.fields = fields
        self.rows = np.ascontiguousarray(fields.reshape(self.n, self.size), dtype=self.dtype)
        self.inverse_square = self.w**-2
        temperatures = np.asarray(temperatures, dtype=float)
        states = len(temperatures)
        self.over_w = np.empty((states, self.n))
        self.over_w_occupied = np.empty((states, self.n))
        for s, temperature in enumerate(temperatures):
            self.over_w[s] = 1.0 / self.w
            self.over_w_occupied[s] = 1.0 / (self.w * np.expm1(hbar * self.w / temperature))
        # the prefactors of the classical and the quantum sums
        self.prefactor = np.pi / 4.0 * np.array([1.0] + [hbar] * states)

    def panel(self, first):
        """A panel of modes as columns, from mode `first`, padded with zeros, shape=(N d, PANEL)."""
        out = np.zeros((self.size, PANEL), dtype=self.dtype)
        last = min(first + PANEL, self.n)
        out[:, : last - first] = self.rows[first:last].T
        return out

    def batch(self, first_sum, last_sum):
        """Contributions of all triples whose mode a is in the batch, shape=(B, 1 + S, 2, n)."""
        w, reach = self.w, self.truncation * max(self.broadenings)
        modes = last_sum - first_sum
        rates = np.zeros((len(self.broadenings), 1 + len(self.over_w), 2, self.n))
        strips = self.vertices.strips(self.fields[first_sum:last_sum], self.dtype)
        products = np.empty((self.size, modes * PANEL), dtype=self.dtype)
        columns = np.searchsorted(w, 0.5 * (w[last_sum - 1] + reach), side="right")
        for first_l in range(0, columns, PANEL):
            last_l = min(first_l + PANEL, self.n)
            low = w[first_sum] - w[last_l - 1] - reach
            high = w[last_sum - 1] - w[first_l] + reach
            first_m = max(first_l, np.searchsorted(w, low))
            last_m = np.searchsorted(w, high, side="right")
            if first_m >= last_m:
                continue
            _apply_strips(
                strips,
                self.vertices.starts,
                self.vertices.columns,
                modes,
                self.panel(first_l),
                products,
            )
            vertex = self.rows[first_m:last_m] @ products
            for b, broadening in enumerate(self.broadenings):
                _accumulate(
                    vertex,
                    first_sum,
                    first_l,
                    first_m,
                    PANEL,
                    w,
                    self.inverse_square,
                    self.over_w,
                    self.over_w_occupied,
                    broadening,
                    self.truncation,
                    rates[b],
                )
        return rates * self.prefactor[:, None, None]


def decay_rates(vertices, modes, broadening, **settings) -> DecayRates:
    """Decay rates of all modes at one broadening.

    Parameters
    ----------
    vertices, modes, **settings
        As of :func:`broadened_decay_rates`.
    broadening : float
        Standard deviation of the Gaussian for each delta function.

    Returns
    -------
    DecayRates

    Raises
    ------
    DecayRateError
        As :func:`broadened_decay_rates`.
    """
    return broadened_decay_rates(vertices, modes, [broadening], **settings)[0]


def broadened_decay_rates(
    vertices,
    modes,
    broadenings,
    *,
    precision="single",
    truncation=4.0,
    hbar=1.0,
    temperatures=(),
    communicator=None,
    checkpoint=None,
    batch=BATCH,
    progress=None,
) -> list[DecayRates]:
    """Decay rates of all modes of a full spectrum, at several broadenings in one pass.

    Parameters
    ----------
    vertices : PairVertices or ForceConstantVertices
        Third-order vertices of the inherent structure.
    modes : Modes
        Full spectrum without translations; masses are one.
    broadenings : sequence of float
        Standard deviations of the Gaussian for each delta function; the largest one sets the cost.
    precision : {"single", "double"}
        Precision of the matrix products; sums over triples are always in double precision.
    truncation : float
        Distance at which the Gaussian is cut off, in standard deviations.
    hbar : float
        Reduced Planck constant in reduced units, for the quantum rates.
    temperatures : sequence of float
        Temperatures of the quantum rates; the classical rates are always computed.
    communicator : MPI communicator, optional
        Ranks over which batches are distributed. The result is the same on every rank and for any
        number of ranks.
    checkpoint : path, optional
        Folder in which finished batches are stored; a restarted call reads them from there.
    batch : int
        Number of modes a in a batch.
    progress : callable, optional
        Called after each batch with the number of batches done and to do on this rank.

    Returns
    -------
    list of DecayRates
        One for each broadening.

    Raises
    ------
    DecayRateError
        If a squared frequency is not positive, or the precision is unknown.
    """
    rank, size = (communicator.rank, communicator.size) if communicator else (0, 1)
    sums = _Sums(vertices, modes, list(broadenings), precision, truncation, hbar, temperatures)
    starts = list(range(0, sums.n, batch))
    folder = Path(checkpoint) if checkpoint is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    # modes of high frequency have the most triples: distribute them first
    mine = starts[::-1][rank::size]
    results = {}
    with threadpool_limits(1):
        for done, start in enumerate(mine):
            kept = None if folder is None else folder / f"modes_{start:06d}.npy"
            if kept is not None and kept.exists():
                results[start] = np.load(kept)
            else:
                results[start] = sums.batch(start, min(start + batch, sums.n))
                if kept is not None:
                    temporary = kept.with_suffix(f".{os.getpid()}.writing.npy")
                    np.save(temporary, results[start])
                    os.replace(temporary, kept)
            if progress is not None:
                progress(done + 1, len(mine))
    if communicator is not None and size > 1:
        gathered = communicator.allgather(results)
        results = {start: rates for part in gathered for start, rates in part.items()}
    total = np.zeros((len(broadenings), 1 + len(temperatures), 2, sums.n))
    for start in starts:
        total += results[start]
    return [
        DecayRates(sums.w, rates[0, 0], rates[0, 1], broadening, rates[1:])
        for broadening, rates in zip(broadenings, total, strict=True)
    ]


@njit(cache=True, fastmath=True)
def _pair_density(w, grid, broadening, truncation, sign):
    """sum_lm delta(grid + sign w_l - w_m) on an even grid, with Gaussians for delta functions."""
    out = np.zeros(len(grid))
    step = grid[1] - grid[0]
    norm = 1.0 / (broadening * np.sqrt(2.0 * np.pi))
    reach = truncation * broadening
    for a in range(len(w)):
        for b in range(len(w)):
            centre = w[b] - sign * w[a]
            low = max(0, int(np.ceil((centre - reach - grid[0]) / step)))
            high = min(len(grid) - 1, int(np.floor((centre + reach - grid[0]) / step)))
            for g in range(low, high + 1):
                off = (grid[g] - centre) / broadening
                out[g] += norm * np.exp(-0.5 * off * off)
    return out


def joint_density(frequency, broadening, *, spacing=0.1, truncation=4.0) -> pd.DataFrame:
    """Joint two-mode density of states j = j_spl + j_com.

    j(w) = n^-2 sum_lm { 1/2 delta(w - w_l - w_m) + delta(w + w_l - w_m) }, the two parts being
    splitting and combining (Mizuno, Tong, Ikeda and Mossa, Intermittent rearrangements, Eq. 14).

    Parameters
    ----------
    frequency : ndarray, shape=(n,)
        Angular frequencies of a full spectrum.
    broadening : float
        Standard deviation of the Gaussian for each delta function.
    spacing : float
        Spacing of the frequencies w.
    truncation : float
        Distance at which the Gaussian is cut off, in standard deviations.

    Returns
    -------
    DataFrame
        Columns frequency, splitting and combining, the latter two per unit of frequency.
    """
    w = np.ascontiguousarray(frequency, dtype=float)
    grid = np.arange(0.0, w.max() + spacing, spacing)
    norm = 1.0 / len(w) ** 2
    return pd.DataFrame(
        {
            "frequency": grid,
            "splitting": 0.5 * norm * _pair_density(w, grid, broadening, truncation, -1.0),
            "combining": norm * _pair_density(w, grid, broadening, truncation, 1.0),
        }
    )
