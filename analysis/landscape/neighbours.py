"""Neighbour pairs in a periodic box of any dimension, from a cell list."""

from __future__ import annotations

import itertools

import numpy as np
from numba import njit


class NeighbourError(ValueError):
    """A box too small for the minimum image convention, or positions that are not finite."""


@njit(cache=True, fastmath=True)
def _count_or_fill(wrapped, box, order, cell_start, cell_of, neighbour_cells, reach2, starts, out):
    """Count each particle's neighbours (out empty) or write them at `starts`."""
    n, d = wrapped.shape
    counting = out.size == 0
    counts = np.zeros(n, np.int64)
    for i in range(n):
        found = 0
        base = starts[i]
        cells = neighbour_cells[cell_of[i]]
        for c in cells:
            if c < 0:
                break
            for slot in range(cell_start[c], cell_start[c + 1]):
                j = order[slot]
                if j == i:
                    continue
                square = 0.0
                for a in range(d):
                    step = wrapped[i, a] - wrapped[j, a]
                    step -= box[a] * np.rint(step / box[a])
                    square += step * step
                if square < reach2:
                    if not counting:
                        out[base + found] = j
                    found += 1
        counts[i] = found
        if not counting:
            out[base : base + found].sort()
    return counts


def _cells(box, reach):
    """Cells per edge and, for every cell, the sorted cells within reach of it (padded by -1)."""
    d = len(box)
    shape = np.maximum(1, np.floor(box / reach)).astype(np.int64)
    index = np.stack(np.meshgrid(*[np.arange(s) for s in shape], indexing="ij"), axis=-1)
    index = index.reshape(-1, d)
    steps = np.array(list(itertools.product((-1, 0, 1), repeat=d)))
    around = (index[:, None, :] + steps[None, :, :]) % shape
    strides = np.append(np.cumprod(shape[:0:-1])[::-1], 1)
    neighbours = np.sort(around @ strides, axis=1)
    # an edge of one or two cells meets the same cell from both sides: count it once
    duplicate = np.zeros_like(neighbours, dtype=bool)
    duplicate[:, 1:] = neighbours[:, 1:] == neighbours[:, :-1]
    neighbours = np.where(duplicate, np.iinfo(np.int64).max, neighbours)
    neighbours.sort(axis=1)
    neighbours[neighbours == np.iinfo(np.int64).max] = -1
    return shape, strides.astype(np.int64), np.ascontiguousarray(neighbours)


def neighbour_table(positions, box, reach):
    """All neighbours of every particle within a distance, both directions, ascending.

    Parameters
    ----------
    positions : ndarray, shape=(N, d), dtype=float64
        Wrapped or not.
    box : ndarray, shape=(d,), dtype=float64
        Edges of the periodic box.
    reach : float
        Distance; at most half the shortest edge.

    Returns
    -------
    starts : ndarray, shape=(N + 1,), dtype=int64
        Neighbours of i are ``neighbours[starts[i]:starts[i + 1]]``.
    neighbours : ndarray, shape=(2 P,), dtype=int32

    Raises
    ------
    NeighbourError
        If the box is smaller than twice the reach, or a position is not finite.
    """
    positions = np.ascontiguousarray(positions, dtype=float)
    box = np.asarray(box, dtype=float)
    if not np.isfinite(positions).all():
        raise NeighbourError("positions hold NaN or infinity")
    if reach > 0.5 * box.min():
        raise NeighbourError(
            f"the box edge {box.min():.4g} is smaller than twice the range {reach:.4g}: "
            "a particle would meet an image of its neighbour; use more particles"
        )
    shape, strides, cells = _cells(box, reach)
    wrapped = positions - box * np.floor(positions / box)
    slot = np.minimum((wrapped / box * shape).astype(np.int64), shape - 1)
    cell_of = slot @ strides
    order = np.argsort(cell_of, kind="stable").astype(np.int32)
    cell_start = np.zeros(len(cells) + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell_of, minlength=len(cells)), out=cell_start[1:])
    starts = np.zeros(len(positions) + 1, dtype=np.int64)
    arguments = (wrapped, box, order, cell_start, cell_of, cells, reach * reach)
    np.cumsum(_count_or_fill(*arguments, starts, np.empty(0, np.int32)), out=starts[1:])
    neighbours = np.empty(starts[-1], dtype=np.int32)
    if neighbours.size:
        _count_or_fill(*arguments, starts, neighbours)
    return starts, neighbours


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
    starts, neighbours = neighbour_table(positions, box, reach)
    first = np.repeat(np.arange(len(positions), dtype=np.int32), np.diff(starts))
    half = first < neighbours
    return first[half], neighbours[half]
