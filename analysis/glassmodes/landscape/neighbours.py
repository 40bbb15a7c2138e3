"""Neighbour pairs in a periodic box of any dimension, from a cell list."""

from __future__ import annotations

import itertools
import math
from functools import lru_cache

import numpy as np
from numba import njit


class NeighbourError(ValueError):
    """A box too small for the minimum image convention, or positions that are not finite."""


# Cells are half the reach wide: 5^d such cells hold fewer particles out of reach than 3^d cells
# of full width.
_AROUND = 5


def cells_of(box, reach):
    """Grid of cells of a periodic box; no cell is narrower than half the reach.

    Parameters
    ----------
    box : array_like, shape=(d,)
        Edge lengths of the box.
    reach : float
        Largest distance of neighbours.

    Returns
    -------
    shape : ndarray, shape=(d,), dtype=int64
        Number of cells along each edge.
    strides : ndarray, shape=(d,), dtype=int64
        Change of the index of a cell from one cell to the next along each axis.
    """
    shape = np.maximum(1, np.floor(2.0 * np.asarray(box) / reach)).astype(np.int64)
    return shape, np.append(np.cumprod(shape[:0:-1])[::-1], 1).astype(np.int64)


@lru_cache(maxsize=8)
def _surroundings(box: tuple[float, ...], reach: float):
    """Grid of cells, and a table from which the cells within reach of any cell follow.

    A table of all neighbouring cells of every cell would have 125 entries for each, gigabytes at
    N = 256,000. This table has five entries for each place along each edge.

    Returns
    -------
    shape, strides : ndarray, shape=(d,)
        The grid, as :func:`cells_of` returns it.
    lines : ndarray, shape=(d, longest edge, 5)
        Contribution of the five places within reach along each axis to the index of a cell. On an
        edge of few cells, where a place is reached from both sides, the surplus entries are far
        below 0.
    steps : ndarray, shape=(5^d, d)
        For each cell within reach, which of the five entries of `lines` to take along each axis.
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
    """Full neighbour list within each pair's range; `starts[N]` is -1 if capacity is too small.

    The range of a pair is reach times its diameter plus the skin. The pair diameter is
    sizes[species_i, species_j]; if `diameter` is not empty, it follows from the two diameters by
    the non-additive rule with non-additivity sizes[0, 0]. The particles around a cell are copied
    next to each other once for all particles in it, so that the loops vectorise; `box` is a tuple,
    so that the loops over axes unroll.
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
            # `excess` is the range of each pair, then its squared distance less the squared range
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
            # every candidate is stored and overwritten if out of range: a branch would be
            # mispredicted half of the time
            for k in range(count):
                found[slot] = candidates[k]
                slot += np.int64((excess[k] < 0.0) & (candidates[k] != i))
            counts[i] = slot - begins[i]
    # neighbours are mutual: adding particle i, in ascending order, to the list of each of its
    # neighbours gives the same lists, sorted
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
    """Full neighbour list: all neighbours of every particle within the range of each pair.

    Every pair appears twice, once for each particle; the neighbours of a particle ascend.

    Parameters
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
        Positions, inside the box or not.
    box : ndarray, shape=(d,), dtype=float64
        Edge lengths of the periodic box.
    cutoff : float
        Range of a pair in units of its pair diameter.
    species : ndarray, shape=(N,), dtype=int32
        Species of each particle, from 0.
    diameter : ndarray, shape=(N,)
        Diameter of each particle, for polydisperse mixtures.
    pair_diameters : ndarray, shape=(S, S), or float
        Pair diameters by species, or the non-additivity of a polydisperse mixture.
    skin : float
        Distance that is added to the range of every pair.

    Returns
    -------
    starts : ndarray, shape=(N + 1,), dtype=int64
        Neighbours of particle i are ``neighbours[starts[i]:starts[i + 1]]``.
    neighbours : ndarray, shape=(2 P,), dtype=int32
        Indices of the neighbours, P pairs in all.

    Raises
    ------
    NeighbourError
        If a box edge is smaller than twice the largest range, or a position is not finite.
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
    # after the last particle there must be room for all candidates around its cell
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
        # the particles are clustered, as in a random configuration
        capacity = min(2 * capacity, n * n + n)


def find_pairs(positions, box, reach):
    """Pairs of particles i < j closer than a distance, by the minimum image convention.

    Parameters
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
        Positions, inside the box or not.
    box : ndarray, shape=(d,), dtype=float64
        Edge lengths of the periodic box.
    reach : float
        Largest distance.

    Returns
    -------
    first, second : ndarray, shape=(P,), dtype=int32
        The two particles of each pair, sorted by `first`, then by `second`.

    Raises
    ------
    NeighbourError
        If a box edge is smaller than twice the distance, or a position is not finite.
    """
    n = len(positions)
    starts, neighbours = neighbour_table(
        positions, box, reach, np.zeros(n, np.int32), np.ones(n), np.ones((1, 1))
    )
    first = np.repeat(np.arange(n, dtype=np.int32), np.diff(starts))
    half = first < neighbours
    return first[half], neighbours[half]
