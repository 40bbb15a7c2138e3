"""Swap Monte Carlo of polydisperse liquids: translations and swaps of diameters, compiled.

A move is the translation of one particle within a cube or, with probability `swap_fraction`, the
swap of the diameters of two particles whose difference is less than `swap_window` (Ninarello,
Berthier and Coslovich, Phys. Rev. X 7, 021039 (2017); Grigera and Parisi, Phys. Rev. E 63, 045102
(2001)). Particles, and pairs among those that the window allows, are drawn uniformly. The diameters
of a sample are a fixed set, so the number of allowed pairs never changes and each move is as likely
to be drawn as its reverse; the Metropolis rule then gives detailed balance.

Neighbour lists are renewed one particle at a time. If particle i was last listed at position X_i
with diameter D_i, then i and j are in each other's lists if

    |X_i - X_j| < x_c lambda(D_i, D_j) + skin,

with x_c the cutoff and lambda the pair diameter. No interacting pair is missed as long as each
particle at x_i with diameter s_i satisfies

    |x_i - X_i| + x_c L max(0, s_i - D_i) <= skin / 2,

with L the largest derivative of lambda by a diameter. Pair energies are never negative, so the
energy from an outdated list is a lower bound. Most trials are rejected by that bound; for the rest,
the list is renewed before the trial is decided.

Energies are first estimated in single precision, from rounded positions inside the box. A bound on
the rounding error decides nearly all moves; the remaining few are decided in double precision. The
Markov chain is therefore that of double precision.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numba import njit

from glassmodes.landscape.neighbours import cells_of, neighbour_table
from glassmodes.models import ModelError
from glassmodes.models.potentials import POWERS

SKIN = 0.45
"""Distance by which neighbour lists exceed the interaction range, in units of the mean diameter."""

TRANSLATION_STEP, SWAP_FRACTION, SWAP_WINDOW = 0.12, 0.2, 0.2
"""Defaults of the moves: edge of the cube of translations, in units of the mean diameter;
probability of a swap; largest difference of two swapped diameters, in units of length.
"""

_BLOCK = 8
"""Number of neighbours that one iteration of the vectorised inner loop handles."""

_CLOSEST = 0.5
"""Distance, in pair diameters, below which a move is never accepted."""

# fast-math options of LLVM that allow sums to be reordered but keep infinity and NaN as they are
_REORDERED = {"reassoc", "contract", "arcp", "nsz"}


class SwapError(RuntimeError):
    """A Markov chain cannot continue; the message says why."""


@dataclass(frozen=True)
class Moves:
    """Numbers of moves of a Markov chain, by kind.

    Attributes
    ----------
    translations, swaps : int
        Attempted moves.
    accepted_translations, accepted_swaps : int
        Accepted moves.
    renewals : int
        Renewals of the neighbour list of a single particle.
    exact : int
        Moves that were decided in double precision.
    """

    translations: int = 0
    accepted_translations: int = 0
    swaps: int = 0
    accepted_swaps: int = 0
    renewals: int = 0
    exact: int = 0

    @property
    def attempted(self) -> int:
        """Number of attempted moves of both kinds."""
        return self.translations + self.swaps

    @property
    def translation_acceptance(self) -> float:
        """Fraction of translations that were accepted."""
        return self.accepted_translations / max(1, self.translations)

    @property
    def swap_acceptance(self) -> float:
        """Fraction of swaps that were accepted."""
        return self.accepted_swaps / max(1, self.swaps)

    def __add__(self, other: Moves) -> Moves:
        return Moves(*(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    @property
    def counts(self) -> tuple[int, ...]:
        """All six numbers, in the order in which the kernel counts them."""
        return (
            self.translations,
            self.accepted_translations,
            self.swaps,
            self.accepted_swaps,
            self.renewals,
            self.exact,
        )


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def _pair_energy(zero, s, u, c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6):
    """Pair energy f from s = x^2 and u = x^-2; absent coefficients are None, `zero` sets dtype."""
    value = zero
    if c12 is not None:
        value += c12
    if c12 is not None:
        value *= u
    if c10 is not None:
        value += c10
    if c12 is not None or c10 is not None:
        value *= u
    if c8 is not None:
        value += c8
    if c12 is not None or c10 is not None or c8 is not None:
        value *= u
    if c6 is not None:
        value += c6
    value *= u
    if c4 is not None:
        value += c4
    value *= u
    if c2 is not None:
        value += c2
    value *= u
    if p1 is not None:
        value += p1 * np.sqrt(s)
    tail = zero
    if p6 is not None:
        tail = p6 * s
    if p4 is not None:
        tail += p4
    if p6 is not None or p4 is not None:
        tail *= s
    if p2 is not None:
        tail += p2
    tail *= s
    return value + (tail + c0)


# inlined, as a call with so many arguments takes a sixth of the time of a move
@njit(cache=True, fastmath=_REORDERED, error_model="numpy", inline="always")
def _estimate(
    box, rounded, i, other, step, size, listed, count, non_additivity, cutoff2, terms, near,
):  # fmt: skip
    """Energies of particle i after a move by `step` and before it, in single precision.

    The pair with particle `other`, whose pair diameter does not change in a swap, is left out. All
    numbers are in single precision; `rounded` holds position and diameter of one particle after
    another.
    """
    d = len(box)
    c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6 = terms
    zero, half, one = np.float32(0.0), np.float32(0.5), np.float32(1.0)
    n = 0
    for k in range(count):
        j = np.uint32(listed[i, k])
        if other is None or j != other:
            if d == 3:
                # all values are read before the first is written, so that one instruction copies
                # them
                x, y = rounded[4 * j], rounded[4 * j + 1]
                z, away = rounded[4 * j + 2], rounded[4 * j + 3]
                near[4 * n], near[4 * n + 1] = x, y
                near[4 * n + 2], near[4 * n + 3] = z, away
            else:
                for a in range(d + 1):
                    near[(d + 1) * n + a] = rounded[(d + 1) * j + a]
            n += 1
    # fill the last vector with neighbours out of range, half a box edge away
    padded = (n + _BLOCK - 1) // _BLOCK * _BLOCK
    for k in range(n, padded):
        for a in range(d):
            near[(d + 1) * k + a] = rounded[(d + 1) * i + a] + half * box[a]
        near[(d + 1) * k + d] = zero
    present = rounded[(d + 1) * i + d]
    before = zero
    after = zero
    for k in range(padded):
        # squared distances must not be 0: its inverse times 0 would be NaN
        old = np.float32(1e-10)
        new = np.float32(1e-10)
        for a in range(d):
            apart = rounded[(d + 1) * i + a] - near[(d + 1) * k + a]
            apart -= box[a] * np.rint(apart * (one / box[a]))
            old += apart * apart
            apart += step[a]
            new += apart * apart
        away = near[(d + 1) * k + d]
        sigma_old = half * (present + away) * (one - non_additivity * abs(present - away))
        sigma_new = half * (size + away) * (one - non_additivity * abs(size - away))
        sigma_old *= sigma_old
        sigma_new *= sigma_new
        # a single division gives x^2 and x^-2 of both energies
        product_old = old * sigma_old
        product_new = new * sigma_new
        inverse = one / (product_old * product_new)
        inverse_old = product_new * inverse
        inverse_new = product_old * inverse
        s_old = old * old * inverse_old
        s_new = new * new * inverse_new
        u_old = sigma_old * sigma_old * inverse_old
        u_new = sigma_new * sigma_new * inverse_new
        energy_old = _pair_energy(zero, s_old, u_old, c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6)
        energy_new = _pair_energy(zero, s_new, u_new, c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6)
        after += energy_new if s_new < cutoff2 else zero
        before += energy_old if s_old < cutoff2 else zero
    return after, before


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def _energies(
    box, points, diameter, i, other, trial, size, listed, count, non_additivity, cutoff2, terms,
    near,
):  # fmt: skip
    """Energies of particle i at a trial position and diameter, and at its present ones.

    The pair with particle `other`, whose pair diameter does not change in a swap, is left out.
    """
    d = len(box)
    c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6 = terms
    n = 0
    for k in range(count):
        j = np.uint32(listed[i, k])
        if j != other:
            for a in range(d):
                near[a, n] = points[j, a]
            near[d, n] = diameter[j]
            n += 1
    # fill the last vector with neighbours out of range, half a box edge away
    padded = (n + _BLOCK - 1) // _BLOCK * _BLOCK
    for k in range(n, padded):
        for a in range(d):
            near[a, k] = points[i, a] + 0.5 * box[a]
        near[d, k] = 0.0
    present = diameter[i]
    before = 0.0
    after = 0.0
    for k in range(padded):
        old = 0.0
        new = 0.0
        for a in range(d):
            step = points[i, a] - near[a, k]
            step -= box[a] * np.rint(step * (1.0 / box[a]))
            old += step * step
            step = trial[a] - near[a, k]
            step -= box[a] * np.rint(step * (1.0 / box[a]))
            new += step * step
        sigma_old = (
            0.5 * (present + near[d, k]) * (1.0 - non_additivity * abs(present - near[d, k]))
        )
        sigma_new = 0.5 * (size + near[d, k]) * (1.0 - non_additivity * abs(size - near[d, k]))
        sigma_old *= sigma_old
        sigma_new *= sigma_new
        # a single division gives x^2 and x^-2 of both energies
        product_old = old * sigma_old
        product_new = new * sigma_new
        inverse = 1.0 / (product_old * product_new)
        inverse_old = product_new * inverse
        inverse_new = product_old * inverse
        s_old = old * old * inverse_old
        s_new = new * new * inverse_new
        u_old = sigma_old * sigma_old * inverse_old
        u_new = sigma_new * sigma_new * inverse_new
        energy_old = _pair_energy(0.0, s_old, u_old, c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6)
        energy_new = _pair_energy(0.0, s_new, u_new, c12, c10, c8, c6, c4, c2, c0, p1, p2, p4, p6)
        after += energy_new if s_new < cutoff2 else 0.0
        before += energy_old if s_old < cutoff2 else 0.0
    return after, before


@njit(cache=True)
def _remove(row, count, value):
    """Remove a value from the first `count` entries of a row; returns how many are left."""
    for k in range(count):
        if row[k] == value:
            row[k] = row[count - 1]
            return count - 1
    return count


@njit(cache=True)
def _cell_at(box, shape, strides, place):
    """Index of the cell that contains a position."""
    cell = 0
    for a in range(len(box)):
        fraction = place[a] / box[a]
        fraction -= np.floor(fraction)
        cell += min(int(fraction * shape[a]), shape[a] - 1) * strides[a]
    return cell


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def _renew(
    box, i, trial, size, non_additivity, cutoff, skin, cells, lists
):  # fmt: skip
    """Renew the list of particle i at a position and diameter; False if a list would overflow."""
    shape, strides, stencil, members, occupancy, cell_of = cells
    listed, counts, place, listed_size = lists
    d = len(box)
    for k in range(counts[i]):
        j = listed[i, k]
        counts[j] = _remove(listed[j], counts[j], i)
    old = cell_of[i]
    occupancy[old] = _remove(members[old], occupancy[old], i)
    cell = _cell_at(box, shape, strides, trial)
    if occupancy[cell] == members.shape[1]:
        return False
    members[cell, occupancy[cell]] = i
    occupancy[cell] += 1
    cell_of[i] = cell
    for a in range(d):
        place[i, a] = trial[a]
    listed_size[i] = size
    count = 0
    for c in stencil[cell]:
        if c < 0:
            break
        for k in range(occupancy[c]):
            j = members[c, k]
            square = 0.0
            for a in range(d):
                step = trial[a] - place[j, a]
                step -= box[a] * np.rint(step * (1.0 / box[a]))
                square += step * step
            other = listed_size[j]
            reach = cutoff * 0.5 * (size + other) * (1.0 - non_additivity * abs(size - other))
            reach += skin
            if square < reach * reach and j != i:
                if count == listed.shape[1] or counts[j] == listed.shape[1]:
                    return False
                listed[i, count] = j
                count += 1
                listed[j, counts[j]] = i
                counts[j] += 1
    counts[i] = count
    return True


@njit(cache=True, error_model="numpy")
def _is_listed(box, i, trial, size, skin, slope, lists):
    """Whether the list of particle i is valid for a position and diameter."""
    place, listed_size = lists[2], lists[3]
    square = 0.0
    for a in range(len(box)):
        square += (trial[a] - place[i, a]) ** 2
    room = 0.5 * skin - slope * max(0.0, size - listed_size[i])
    return room >= 0.0 and square <= room * room


@njit(cache=True, error_model="numpy")
def _draw(rng, count):
    """Random integer from 0 to count - 1."""
    return min(int(rng.random() * count), count - 1)


@njit(cache=True, error_model="numpy")
def _move(i, place, size, box, points, diameter, rounded):
    """Set position and diameter of particle i, in double and in single precision."""
    d = len(box)
    for a in range(d):
        points[i, a] = place[a]
        rounded[(d + 1) * i + a] = place[a] - box[a] * np.floor(place[a] / box[a])
    diameter[i] = size
    rounded[(d + 1) * i + d] = size


@njit(cache=True, fastmath=_REORDERED, error_model="numpy")
def attempt_moves(
    rng, attempts, temperature, edge, swap_fraction, swap_window,
    box, points, diameter, non_additivity, cutoff, skin, slope, terms, cells, lists, near,
    single, rounded, step, near_rounded, error, tallies,
):  # fmt: skip
    """Attempt a number of moves; positions, diameters and lists change in place.

    Parameters
    ----------
    rng : numpy.random.Generator
    attempts : int
        Number of moves.
    temperature : float
        Temperature, in units of energy.
    edge : float
        Edge of the cube of translations, in units of length.
    swap_fraction : float
        Probability of a swap.
    swap_window : float
        Largest difference of two swapped diameters, in units of length.
    box : tuple of float
        Edge lengths of the periodic box.
    points : ndarray, shape=(N, d)
        Unwrapped positions.
    diameter : ndarray, shape=(N,)
        Diameter of each particle.
    non_additivity, cutoff : float
        Parameters of the pair diameter and range of the potential in pair diameters.
    skin : float
        Distance by which lists exceed the interaction range.
    slope : float
        Largest derivative of the range of a pair by a diameter, x_c L.
    terms : tuple of float or None
        Coefficients of the potential from x^-12 to x^6.
    cells : tuple
        Shape, strides and stencil of the grid of cells, members and number of members of each cell,
        and the cell of each particle.
    lists : tuple
        Neighbours, shape=(N, capacity); their number; and the position and diameter at which each
        particle was last listed.
    single : tuple
        Box, non-additivity, squared cutoff and coefficients in single precision.
    rounded : ndarray, shape=(N (d + 1),), dtype=float32
        Position inside the box and diameter, of one particle after another.
    near, step, near_rounded : ndarray
        Work space: neighbours; a step and neighbours in single precision.
    error : float
        Bound on the error of an energy in single precision, in units of 1 + f for each pair energy
        f.
    tallies : ndarray, shape=(6,), dtype=int
        Numbers of moves, to which those of this call are added, in the order of :class:`Moves`.

    Returns
    -------
    fits : bool
        False if a list overflowed; the state is then invalid.
    """
    n, d = points.shape
    listed, counts = lists[0], lists[1]
    cutoff2 = cutoff * cutoff
    box_single, non_additivity_single, cutoff2_single, terms_single = single
    trial = np.empty(d)
    still = np.empty(d)
    for _ in range(attempts):
        if rng.random() >= swap_fraction:
            i = _draw(rng, n)
            for a in range(d):
                move = edge * (rng.random() - 0.5)
                trial[a] = points[i, a] + move
                step[a] = move
            size = diameter[i]
            threshold = -temperature * np.log(1.0 - rng.random())
            tallies[0] += 1
            after, before = _estimate(
                box_single, rounded, i, None, step, np.float32(size), listed, counts[i],
                non_additivity_single, cutoff2_single, terms_single, near_rounded,
            )  # fmt: skip
            gain = float(after) - float(before)
            slack = error * (float(after) + float(before) + 2.0 * counts[i])
            if not gain - slack < threshold:
                continue
            fits = _is_listed(box, i, trial, size, skin, slope, lists)
            if not (gain + slack < threshold and fits):
                tallies[5] += 1
                after_exact, before_exact = _energies(
                    box, points, diameter, i, -1, trial, size, listed, counts[i], non_additivity,
                    cutoff2, terms, near,
                )  # fmt: skip
                if not after_exact - before_exact < threshold:
                    continue
                if not fits:
                    tallies[4] += 1
                    if not _renew(box, i, trial, size, non_additivity, cutoff, skin, cells, lists):
                        return False
                    # the list now belongs to the trial position and may lack neighbours of the
                    # present one
                    after_exact, _ = _energies(
                        box, points, diameter, i, -1, trial, size, listed, counts[i],
                        non_additivity, cutoff2, terms, near,
                    )  # fmt: skip
                    if not after_exact - before_exact < threshold:
                        for a in range(d):
                            still[a] = points[i, a]
                        if not _is_listed(box, i, still, size, skin, slope, lists):
                            tallies[4] += 1
                            if not _renew(
                                box, i, still, size, non_additivity, cutoff, skin, cells, lists
                            ):
                                return False
                        continue
            _move(i, trial, size, box, points, diameter, rounded)
            tallies[1] += 1
            continue
        # both particles are redrawn, so that all pairs within the window are equally likely
        while True:
            i = _draw(rng, n)
            j = _draw(rng, n)
            if i != j and abs(diameter[i] - diameter[j]) < swap_window:
                break
        if diameter[i] > diameter[j]:
            i, j = j, i
        # particle i gets the larger diameter and j the smaller one
        larger, smaller = diameter[j], diameter[i]
        threshold = -temperature * np.log(1.0 - rng.random())
        tallies[2] += 1
        for a in range(d):
            trial[a] = points[i, a]
            still[a] = points[j, a]
            step[a] = 0.0
        shrunk, before_shrinking = _estimate(
            box_single, rounded, j, i, step, np.float32(smaller), listed, counts[j],
            non_additivity_single, cutoff2_single, terms_single, near_rounded,
        )  # fmt: skip
        grown, before_growing = _estimate(
            box_single, rounded, i, j, step, np.float32(larger), listed, counts[i],
            non_additivity_single, cutoff2_single, terms_single, near_rounded,
        )  # fmt: skip
        after = float(shrunk) + float(grown)
        before = float(before_shrinking) + float(before_growing)
        slack = error * (after + before + 2.0 * (counts[i] + counts[j]))
        if not after - before - slack < threshold:
            continue
        fits = _is_listed(box, i, trial, larger, skin, slope, lists)
        if not (after - before + slack < threshold and fits):
            tallies[5] += 1
            after, before = _energies(
                box, points, diameter, j, i, still, smaller, listed, counts[j], non_additivity,
                cutoff2, terms, near,
            )  # fmt: skip
            shrinking = after - before
            after, before = _energies(
                box, points, diameter, i, j, trial, larger, listed, counts[i], non_additivity,
                cutoff2, terms, near,
            )  # fmt: skip
            if not shrinking + (after - before) < threshold:
                continue
            if not fits:
                tallies[4] += 1
                if not _renew(box, i, trial, larger, non_additivity, cutoff, skin, cells, lists):
                    return False
                after, _ = _energies(
                    box, points, diameter, i, j, trial, larger, listed, counts[i], non_additivity,
                    cutoff2, terms, near,
                )  # fmt: skip
                if not shrinking + (after - before) < threshold:
                    continue
        _move(i, trial, larger, box, points, diameter, rounded)
        _move(j, still, smaller, box, points, diameter, rounded)
        tallies[3] += 1
    return True


class SwapMonteCarlo:
    """Markov chain of one polydisperse liquid by swap Monte Carlo.

    Parameters
    ----------
    landscape : Landscape
        Energy of a sample of a polydisperse, purely repulsive model, with the initial diameters.
    positions : ndarray, shape=(N, d)
        Initial positions.
    temperature : float
        Temperature, in units of energy.
    rng : numpy.random.Generator
        Random numbers; their state is part of the state of the chain.
    translation_step : float
        Edge of the cube of translations, in units of the mean diameter.
    swap_fraction : float
        Probability that a move is a swap.
    swap_window : float
        Largest difference of two swapped diameters, in units of length.

    Attributes
    ----------
    positions : ndarray, shape=(N, d)
        Present positions, unwrapped.
    diameter : ndarray, shape=(N,)
        Present diameter of each particle.
    energy : float
        Present total potential energy.
    moves : Moves
        Moves of all runs.

    Raises
    ------
    ModelError
        If the model is not polydisperse or not purely repulsive.
    SwapError
        If no two diameters are close enough to be swapped.
    """

    def __init__(
        self,
        landscape,
        positions,
        temperature,
        rng,
        *,
        translation_step=TRANSLATION_STEP,
        swap_fraction=SWAP_FRACTION,
        swap_window=SWAP_WINDOW,
    ):
        check_swap_model(landscape.model)
        self.landscape = landscape
        self.temperature = float(temperature)
        self.rng = rng
        self.swap_fraction, self.swap_window = float(swap_fraction), float(swap_window)
        self.positions = np.array(positions, dtype=float)
        self.diameter = landscape.diameter.copy()
        # sorted first, so that swaps do not change the rounding of the sum
        self.mean_diameter = float(np.sort(self.diameter).mean())
        self.edge = float(translation_step) * self.mean_diameter
        self.moves = Moves()
        if not np.diff(np.sort(self.diameter)).min(initial=np.inf) < self.swap_window:
            raise SwapError("no two diameters differ by less than the window")
        self.energy = self.potential_energy()

    def potential_energy(self) -> float:
        """Total potential energy, computed anew from positions and diameters."""
        return self.landscape.anew(self.diameter).energy_and_forces(self.positions)[0]

    def run(self, sweeps: float) -> Moves:
        """Attempt a number of sweeps; one sweep is one attempted move for each particle on average.

        Lists are built anew first, so that a chain that continues from stored positions, diameters
        and random state is the same to the last bit.

        Parameters
        ----------
        sweeps : float
            Number of sweeps.

        Returns
        -------
        Moves
            Moves of this run.

        Raises
        ------
        SwapError
            If so many particles gather in one place that the lists overflow.
        """
        landscape, model = self.landscape, self.landscape.model
        n, d = self.positions.shape
        # a small box limits the skin
        skin = min(SKIN * self.mean_diameter, 0.5 * landscape.box.min() - landscape.cutoff)
        cells, lists = self._listing(skin)
        box, terms = tuple(map(float, landscape.box)), potential_terms(model.potential)
        single = (
            *(tuple(map(np.float32, box)), np.float32(model.non_additivity)),
            np.float32(model.potential.cutoff**2),
            tuple(None if value is None else np.float32(value) for value in terms),
        )
        wrapped = self.positions - landscape.box * np.floor(self.positions / landscape.box)
        rounded = np.column_stack([wrapped, self.diameter]).astype(np.float32).ravel()
        capacity = lists[0].shape[1] + _BLOCK
        tallies = np.zeros(len(self.moves.counts), np.int64)
        fits = attempt_moves(
            *(self.rng, round(sweeps * n), self.temperature, self.edge),
            *(self.swap_fraction, self.swap_window),
            *(box, self.positions, self.diameter, model.non_additivity, model.potential.cutoff),
            *(skin, self._slope(), terms, cells, lists, np.empty((d + 1, capacity))),
            *(single, rounded, np.empty(d, np.float32)),
            *(np.empty((d + 1) * capacity, np.float32), self._rounding_error(), tallies),
        )
        if not fits:
            raise SwapError("neighbour lists overflowed: particles have gathered in one place")
        self.energy = self.potential_energy()
        moves = Moves(*map(int, tallies))
        self.moves += moves
        return moves

    def _rounding_error(self):
        """Bound on the error of a pair energy f in single precision, in units of 1 + f.

        Two coordinates and the box edge between them have errors of L eps / 2 each along each axis,
        with L the edge and eps the precision; f changes by its slope. Twice that leaves room for
        diameters and sums, whose errors are a few eps. There is no bound if a step may lead to
        another image of a neighbour, which the estimate does not look for.
        """
        landscape, potential = self.landscape, self.landscape.model.potential
        if landscape.box.min() < 2.0 * landscape.cutoff + self.edge:
            return np.finfo(float).max
        distance = 2.0 * 1.5 * landscape.box.max() * np.sqrt(len(landscape.box))
        x = np.linspace(_CLOSEST, potential.cutoff, 1000)
        energy, slope = potential.derivatives(x)[:2]
        steepest = np.abs(slope / (1.0 + energy)).max() / self.diameter.min()
        return float(steepest * distance * np.finfo(np.float32).eps)

    def _slope(self):
        """Largest derivative of the range of a pair by one of its diameters."""
        model = self.landscape.model
        return model.potential.cutoff * (0.5 + model.non_additivity * float(self.diameter.max()))

    def _listing(self, skin):
        """Cells and neighbour lists of all particles at their present positions."""
        landscape, model = self.landscape, self.landscape.model
        n, d = self.positions.shape
        starts, neighbours = neighbour_table(
            *(self.positions, landscape.box, model.potential.cutoff, landscape.species),
            *(self.diameter, model.non_additivity, skin),
        )
        counts = np.diff(starts).astype(np.int32)
        # spare room, as the number of neighbours fluctuates and changes when diameters are swapped
        listed = np.zeros((n, 2 * int(counts.max(initial=0)) + 4 * _BLOCK), np.int32)
        listed[np.arange(listed.shape[1]) < counts[:, None]] = neighbours
        lists = (listed, counts, self.positions.copy(), self.diameter.copy())
        box = tuple(map(float, landscape.box))
        shape, strides, stencil = _stencil(box, float(landscape.cutoff + skin))
        wrapped = self.positions / landscape.box
        wrapped -= np.floor(wrapped)
        cell_of = np.minimum((wrapped * shape).astype(np.int64), shape - 1) @ strides
        occupancy = np.bincount(cell_of, minlength=len(stencil))
        members = np.zeros((len(stencil), 3 * int(occupancy.max()) + 16), np.int32)
        order = np.argsort(cell_of, kind="stable")
        members[np.arange(members.shape[1]) < occupancy[:, None]] = order
        cells = (shape, strides, stencil, members, occupancy, cell_of)
        return cells, lists


@lru_cache(maxsize=8)
def _stencil(box: tuple[float, ...], reach: float):
    """Number of cells per edge, strides of their index, and the sorted cells within reach of each.

    Rows of the last array are padded with -1.
    """
    shape, strides = cells_of(box, reach)
    index = np.stack(np.meshgrid(*[np.arange(s) for s in shape], indexing="ij"), axis=-1)
    index = index.reshape(-1, len(shape))
    steps = np.array(list(itertools.product((-2, -1, 0, 1, 2), repeat=len(shape))))
    neighbours = np.sort(((index[:, None, :] + steps[None]) % shape) @ strides, axis=1)
    # along an edge of few cells the same cell is reached from both sides: count it once
    beyond = np.iinfo(np.int64).max
    neighbours[:, 1:][neighbours[:, 1:] == neighbours[:, :-1]] = beyond
    neighbours.sort(axis=1)
    neighbours[neighbours == beyond] = -1
    return shape, strides, np.ascontiguousarray(neighbours, dtype=np.int32)


def potential_terms(potential) -> tuple[float | None, ...]:
    """Coefficients of x^-12, x^-10, ..., x^6 for the kernel.

    Coefficients that vanish are None, except the constant, which is always a number.
    """
    return tuple(
        float(value) if value or power == 0 else None
        for power, value in zip(POWERS, potential.laurent, strict=True)
    )


def check_swap_model(model) -> None:
    """Check that swap Monte Carlo can simulate a model.

    Raises
    ------
    ModelError
        If the model is not polydisperse or not purely repulsive.
    """
    if not model.is_polydisperse:
        raise ModelError(f"model {model.name}: swap Monte Carlo needs a polydisperse model")
    x = np.linspace(0.5, 1.0, 1000, endpoint=False) * model.potential.cutoff
    energy, slope = model.potential.derivatives(x)[:2]
    if energy.min() < 0.0 or slope.max() > 0.0:
        raise ModelError(
            f"model {model.name}: swap Monte Carlo needs a purely repulsive potential: the bounds "
            "of its energies would not hold"
        )
