"""Decay rates of vibrational modes by third-order perturbation theory.

Classical limit (Eq. 13 of mizuno2020_intermittent), per temperature, in two parts:

    Gamma_k / T = (pi/4) sum_lm |V_klm|^2 / (w_l^2 w_m^2)
                  { 1/2 delta(w_k - w_l - w_m)       splitting
                    +   delta(w_k + w_l - w_m) }     combining

Quantum (Eq. 10 with the occupation numbers of the golden rule, which alone give that limit):

    Gamma_k = (pi hbar/4) sum_lm |V_klm|^2 / (w_k w_l w_m)
              { 1/2 (1 + n_l + n_m) delta(w_k - w_l - w_m) + (n_l - n_m) delta(w_k + w_l - w_m) }

Gamma_k is the decay rate of the fluctuations of the mode's *energy*, tau_k = 1/Gamma_k: a full
width. Every delta function is a normalised Gaussian of standard deviation `broadening`, cut at
`truncation` standard deviations.

Algorithm. V is symmetric and only triples near w_a = w_l + w_m count. Each unordered one is
evaluated once, with a as the sum and l <= m, and goes to the splitting of a and the combining of
l and m. For a batch of modes a:

1. U''' . e^a as dense strips, one for each particle (:mod:`glassmodes.anharmonic.vertices`).
2. For a panel of columns l: gather the strip's neighbours, multiply, giving Y = H^a e^l.
3. For the window of modes m that can resonate: V = E_m . Y, one dense product.

All the work is dense matrix products. Batches are independent, so they spread over ranks and are
the unit of restart; their results are added in a fixed order whatever the ranks.
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


class DecayRateError(ValueError):
    """Modes or settings from which no decay rate can be computed."""


@dataclass(frozen=True)
class DecayRates:
    """Rates of all modes of one sample.

    Attributes
    ----------
    frequency : ndarray, shape=(n,)
    splitting, combining : ndarray, shape=(n,)
        The two parts of Gamma_k / T, classical.
    broadening : float
    quantum : ndarray, shape=(S, 2, n)
        Splitting and combining parts of Gamma_k at each requested temperature.
    """

    frequency: np.ndarray
    splitting: np.ndarray
    combining: np.ndarray
    broadening: float
    quantum: np.ndarray

    def table(self) -> pd.DataFrame:
        """Columns of the `decay_rates` table, without ensemble and sample."""
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
    """products[(particle, axis), (mode, l)] = H^mode panel, from dense strips."""
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
    """Add a block of vertices, rows m and columns (a, l), to the rates (1 + S, 2, n)."""
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
                # exp(-y) = (exp(-y/256))^256 by its series: vectorises, to 1e-13 for y < 50
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
                # l = m: once in each sum, so half of what an ordered pair would give
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
"""Modes a handled at once: their strips make the product of step 2 a well-shaped matrix product."""

PANEL = 32
"""Columns l handled at once: more make faster products, but wider windows of m."""


class _Sums:
    """Everything that is the same for all batches of one sample."""

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
        """Columns first ... of the modes, zero padded, shape=(size, width)."""
        out = np.zeros((self.size, PANEL), dtype=self.dtype)
        last = min(first + PANEL, self.n)
        out[:, : last - first] = self.rows[first:last].T
        return out

    def batch(self, first_sum, last_sum):
        """Contributions of the triples whose sum is one of these modes, shape=(B, 1+S, 2, n)."""
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
    """Decay rates of all modes at one broadening; see :func:`broadened_decay_rates`."""
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
    modes : Modes
        The full spectrum without translations; masses are one.
    broadenings : sequence of float
        Standard deviations of the Gaussian that stands for each delta function; the largest sets
        the cost.
    precision : {"single", "double"}
        Of the matrix products; sums over triples are always double.
    truncation : float
        Where the Gaussian is cut, in standard deviations.
    hbar : float
        Reduced Planck constant, for the quantum rates.
    temperatures : sequence of float
        Temperatures of the quantum rates; the classical ones are always computed.
    communicator : MPI communicator, optional
        Batches are dealt over its ranks; the result is the same on every rank and for any number.
    checkpoint : path, optional
        Folder where finished batches are kept, and found again by a restarted call.
    batch : int
        Modes a handled at once.
    progress : callable, optional
        Called with (batches done, batches of this rank).

    Returns
    -------
    list of DecayRates
        One for each broadening.

    Raises
    ------
    DecayRateError
        For modes with a non-positive squared frequency, or an unknown precision.
    """
    rank, size = (communicator.rank, communicator.size) if communicator else (0, 1)
    sums = _Sums(vertices, modes, list(broadenings), precision, truncation, hbar, temperatures)
    starts = list(range(0, sums.n, batch))
    folder = Path(checkpoint) if checkpoint is not None else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    # the largest sums have the most triples: deal them out first
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
    """sum_lm delta(grid + sign w_l - w_m) with Gaussians on an even grid."""
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
    """Joint two-mode density of states, j = j_spl + j_com (Eq. 14 of mizuno2020_intermittent).

    Parameters
    ----------
    frequency : ndarray, shape=(n,)
        All modes of a full spectrum.
    broadening : float
        As in :func:`decay_rates`.
    spacing : float
        Of the frequencies at which j is given.

    Returns
    -------
    DataFrame
        frequency, splitting, combining.
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
