"""Neighbour pairs in a periodic box of any dimension, from a cell list."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
from numba import njit


class NeighbourError(ValueError):
    """A box too small for the minimum image convention, or positions that are not finite."""


# Cells are half the reach wide: 5^d of them hold fewer strangers than 3^d whole ones.
_AROUND = 5


def cells_of(box, reach):
    """Cells of a periodic box that are no narrower than half the reach.

    Returns
    -------
    shape : ndarray, shape=(d,)
        Cells along each edge.
    strides : ndarray, shape=(d,)
        Of the index of a cell.
    """
    shape = np.maximum(1, np.floor(2.0 * np.asarray(box) / reach)).astype(np.int64)
    return shape, np.append(np.cumprod(shape[:0:-1])[::-1], 1).astype(np.int64)


@lru_cache(maxsize=8)
def _surroundings(box: tuple[float, ...], reach: float):
    """Cells, and what the five places within reach along each axis add to the index of one.

    A table of all neighbouring cells would have 125 entries for each of them, gigabytes at
    N = 256,000; these have five for each place along an edge.

    Returns
    -------
    shape, strides : ndarray, shape=(d,)
        As of :func:`cells_of`.
    lines : ndarray, shape=(d, longest edge, 5)
        Far below zero where an edge of few cells meets the same one from both sides.
    steps : ndarray, shape=(5^d, d)
        Which entry of `lines` to take along each axis.
    """
    shape, strides = cells_of(box, reach)
    lines = np.full((len(shape), shape.max(), _AROUND), -(2**60) // len(shape), np.int64)
    for axis, (count, stride) in enumerate(zip(shape, strides, strict=True)):
        for place in range(count):
            near = np.unique((place + np.arange(-2, 3)) % count)
            lines[axis, place, : len(near)] = near * stride
    steps = np.array(list(itertools.product(range(_AROUND), repeat=len(shape))))
    return shape, strides, lines, steps


@njit(cache=True, fastmath=True, error_model="numpy")
def _search(
    box, wrapped, order, cell_start, lines, steps, strides,
    species, diameter, sizes, reach, skin, capacity,
):  # fmt: skip
    """Full list of neighbours within each pair's own range; -1 entries if capacity is too small.

    `box` is a tuple, so that the loops over axes unroll. A pair's range is reach times its
    diameter plus the skin; its diameter is sizes[species_i, species_j], or by the non-additive
    rule with sizes[0, 0] as the non-additivity where `diameter` is not empty. The particles around
    a cell are copied together once for all particles in it, so that the arithmetic vectorises.
    """
    d = len(box)
    n = len(wrapped)
    starts = np.zeros(n + 1, np.int64)
    counts = np.zeros(n, np.int64)
    begins = np.empty(n, np.int64)
    found = np.empty(capacity, np.int32)
    most = 256
    near = np.empty((d + 1, most))
    excess = np.empty(most)
    candidates = np.empty(most, np.int32)
    kinds = np.empty(most, np.uint32)
    cells = np.empty(len(steps), np.int64)
    place = np.empty(d, np.int64)
    slot = 0
    for c in range(len(cell_start) - 1):
        if cell_start[c] == cell_start[c + 1]:
            continue
        rest = c
        for a in range(d):
            place[a] = rest // strides[a]
            rest %= strides[a]
        around, met = 0, 0
        for step in range(len(steps)):
            other = 0
            for a in range(d):
                other += lines[a, place[a], steps[step, a]]
            if other < 0 or cell_start[other] == cell_start[other + 1]:
                continue
            around += cell_start[other + 1] - cell_start[other]
            cells[met] = other
            met += 1
        if around > most:
            most = 2 * around
            near = np.empty((d + 1, most))
            excess = np.empty(most)
            candidates = np.empty(most, np.int32)
            kinds = np.empty(most, np.uint32)
        count = 0
        for other in cells[:met]:
            for k in range(cell_start[other], cell_start[other + 1]):
                j = order[k]
                candidates[count] = j
                for a in range(d):
                    near[a, count] = wrapped[j, a]
                if diameter.size:
                    near[d, count] = diameter[j]
                else:
                    kinds[count] = species[j]
                count += 1
        for m in range(cell_start[c], cell_start[c + 1]):
            i = order[m]
            if slot + count > capacity:
                starts[n] = -1
                return starts, found
            # the range of every pair, then its excess over it
            if diameter.size:
                own = diameter[i]
                for k in range(count):
                    other = near[d, k]
                    size = 0.5 * (own + other) * (1.0 - sizes[0, 0] * abs(own - other))
                    excess[k] = reach * size + skin
            else:
                row = sizes[species[i]]
                for k in range(count):
                    excess[k] = reach * row[kinds[k]] + skin
            for k in range(count):
                square = 0.0
                for a in range(d):
                    step = wrapped[i, a] - near[a, k]
                    step -= box[a] * np.rint(step * (1.0 / box[a]))
                    square += step * step
                excess[k] = square - excess[k] * excess[k]
            begins[i] = slot
            # stored wherever it ends: a branch here would be guessed wrong every other time
            for k in range(count):
                found[slot] = candidates[k]
                slot += np.int64((excess[k] < 0.0) & (candidates[k] != i))
            counts[i] = slot - begins[i]
    # who has me is whom I have: handed out by ascending particle, the lists ascend
    for i in range(n):
        for k in range(begins[i], begins[i] + counts[i]):
            starts[found[k] + 1] += 1
    for i in range(n):
        starts[i + 1] += starts[i]
    fill = starts[:-1].copy()
    neighbours = np.empty(slot, np.int32)
    for i in range(n):
        for k in range(begins[i], begins[i] + counts[i]):
            j = found[k]
            neighbours[fill[j]] = i
            fill[j] += 1
    return starts, neighbours


_NO_DIAMETERS = np.empty(0)


def neighbour_table(positions, box, cutoff, species, diameter, pair_diameters, skin=0.0):
    """All neighbours of every particle within the range of each pair, both directions, ascending.

    Parameters
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
        Wrapped or not.
    box : ndarray, shape=(d,), dtype=float64
        Edges of the periodic box.
    cutoff : float
        Range in units of the pair diameter.
    species : ndarray, shape=(N,), dtype=int32
    diameter : ndarray, shape=(N,)
    pair_diameters : ndarray, shape=(S, S), or float
        By species, or the non-additivity of a polydisperse mixture.
    skin : float
        Added to every range.

    Returns
    -------
    starts : ndarray, shape=(N + 1,), dtype=int64
        Neighbours of i are ``neighbours[starts[i]:starts[i + 1]]``.
    neighbours : ndarray, shape=(2 P,), dtype=int32

    Raises
    ------
    NeighbourError
        If the box is smaller than twice the range, or a position is not finite.
    """
    positions = np.ascontiguousarray(positions, dtype=float)
    box = np.asarray(box, dtype=float)
    if not np.isfinite(positions).all():
        raise NeighbourError("positions hold NaN or infinity")
    by_species = np.ndim(pair_diameters) == 2
    largest = np.max(pair_diameters) if by_species else np.max(diameter)
    reach = cutoff * largest + skin
    if reach > 0.5 * box.min():
        raise NeighbourError(
            f"the box edge {box.min():.4g} is smaller than twice the range {reach:.4g}: "
            "a particle would meet an image of its neighbour; use more particles"
        )
    edges = tuple(float(edge) for edge in box)
    shape, strides, lines, steps = _surroundings(edges, float(reach))
    wrapped = positions - box * np.floor(positions / box)
    slot = np.minimum((wrapped / box * shape).astype(np.int64), shape - 1)
    cell_of = slot @ strides
    order = np.argsort(cell_of, kind="stable").astype(np.int32)
    cells = int(np.prod(shape))
    cell_start = np.zeros(cells + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell_of, minlength=cells), out=cell_start[1:])
    n, d = positions.shape
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1) * reach**d
    # the last particle needs room for all around its cell
    capacity = int(n * (1.2 * n / np.prod(box) * ball + 16)) + n
    while True:
        starts, neighbours = _search(
            edges,
            wrapped,
            order,
            cell_start,
            lines,
            steps,
            strides,
            np.asarray(species, dtype=np.int32),
            _NO_DIAMETERS if by_species else np.asarray(diameter, dtype=float),
            np.atleast_2d(np.asarray(pair_diameters, dtype=float)),
            float(cutoff),
            float(skin),
            capacity,
        )
        if starts[-1] >= 0:
            return starts, neighbours
        # clustered particles, as of a random start
        capacity = min(2 * capacity, n * n + n)


def find_pairs(positions, box, reach):
    """Pairs i < j closer than a distance under the minimum image convention.

    Returns
    -------
    first, second : ndarray, shape=(P,), dtype=int32
        Sorted by `first`, then by `second`.

    Raises
    ------
    NeighbourError
        As :func:`neighbour_table`.
    """
    n = len(positions)
    starts, neighbours = neighbour_table(
        positions, box, reach, np.zeros(n, np.int32), np.ones(n), np.ones((1, 1))
    )
    first = np.repeat(np.arange(n, dtype=np.int32), np.diff(starts))
    half = first < neighbours
    return first[half], neighbours[half]
