"""Compiled loops over neighbour pairs: energy, forces and contractions of higher derivatives.

For a pair (i, j), x = r_i - r_j is the separation by the minimum image convention,
z_ij = z_i - z_j the difference of a field z, and B_k = ((1/r) d/dr)^k phi a radial derivative of
the potential. The second to fourth derivatives of the energy, contracted with z, are

    kappa = sum B_2 (x.z_ij)^2 + B_1 z_ij.z_ij
    tau   = sum B_3 (x.z_ij)^3 + 3 B_2 (x.z_ij)(z_ij.z_ij)
    chi   = sum B_4 (x.z_ij)^4 + 6 B_3 (x.z_ij)^2 (z_ij.z_ij) + 3 B_2 (z_ij.z_ij)^2

where the sums are over pairs. chi is Eq. C2 of Kapteijns, Richard and Lerner, arXiv:1912.10930
(2020).

Arguments that several functions share: `box`, a tuple of d edge lengths; `first` and `second`,
shape=(P,), the particles of each pair; `separation`, shape=(P, d); `b1` to `b4`, shape=(P,), the
radial derivatives B_1 to B_4; fields `u`, `v` and `z`, shape=(N, d); and `out`, shape=(N, d), to
which the result is added. As `box` is a tuple, the functions are compiled for each dimension
separately and their loops over axes unroll.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, fastmath=True, error_model="numpy")
def energy_and_forces(x, y, z, w, box, starts, neighbours, inverse_square, cutoff, laurent, forces):
    """Total energy and forces from a full neighbour list.

    The neighbours of a particle are first copied next to each other, so that the arithmetic
    vectorises. A full list has twice the entries of a half list, but its forces need no scattered
    additions.

    Parameters
    ----------
    x, y, z, w : ndarray, shape=(N,), or None
        Coordinates along each axis; None for axes beyond the dimension.
    box : tuple of float
        Edge lengths of the periodic box.
    starts, neighbours : ndarray
        Full neighbour list: neighbours of particle i are neighbours[starts[i]:starts[i + 1]].
    inverse_square : ndarray, shape=(2 P,)
        1 / lambda_ij^2 of each entry, lambda_ij the pair diameter.
    cutoff : float
        Range of the potential in units of the pair diameter.
    laurent : ndarray, shape=(11,)
        Coefficients in the order of :data:`glassmodes.models.potentials.POWERS`.
    forces : ndarray, shape=(N, d)
        Overwritten with -dU/dr.

    Returns
    -------
    float
        Total potential energy U.
    """
    n = len(x)
    c12, c10, c8, c6, c4, c2 = (
        laurent[0],
        laurent[1],
        laurent[2],
        laurent[3],
        laurent[4],
        laurent[5],
    )
    c0, p1, p2, p4, p6 = laurent[6], laurent[7], laurent[8], laurent[9], laurent[10]
    cutoff2 = cutoff * cutoff
    longest = 0
    for i in range(n):
        longest = max(longest, starts[i + 1] - starts[i])
    near = np.empty((4, longest))
    near_x, near_y, near_z, near_w = near[0], near[1], near[2], near[3]
    total = 0.0
    for i in range(n):
        begin = starts[i]
        count = starts[i + 1] - begin
        for k in range(count):
            j = np.uint32(neighbours[begin + k])
            near_x[k] = x[j]
            near_y[k] = y[j]
            if z is not None:
                near_z[k] = z[j]
            if w is not None:
                near_w[k] = w[j]
        scale = inverse_square[begin : begin + count]
        fx = 0.0
        fy = 0.0
        fz = 0.0
        fw = 0.0
        energy = 0.0
        for k in range(count):
            dx = x[i] - near_x[k]
            dx -= box[0] * np.rint(dx * (1.0 / box[0]))
            dy = y[i] - near_y[k]
            dy -= box[1] * np.rint(dy * (1.0 / box[1]))
            square = dx * dx + dy * dy
            if z is not None:
                dz = z[i] - near_z[k]
                dz -= box[2] * np.rint(dz * (1.0 / box[2]))
                square += dz * dz
            if w is not None:
                dw = w[i] - near_w[k]
                dw -= box[3] * np.rint(dw * (1.0 / box[3]))
                square += dw * dw
            s = square * scale[k]
            u = 1.0 / s
            r = np.sqrt(s)
            value = (
                u * (c2 + u * (c4 + u * (c6 + u * (c8 + u * (c10 + u * c12)))))
                + (c0 + p1 * r)
                + s * (p2 + s * (p4 + s * p6))
            )
            # -(1/x) df/dx, to which a term a x^p contributes -p a x^(p-2)
            outer = 6.0 * c6 + u * (8.0 * c8 + u * (10.0 * c10 + u * 12.0 * c12))
            slope = (
                u * u * (2.0 * c2 + u * (4.0 * c4 + u * outer))
                - p1 * r * u
                - 2.0 * p2
                - s * (4.0 * p4 + s * 6.0 * p6)
            )
            inside = s < cutoff2
            energy += value if inside else 0.0
            factor = slope * scale[k] if inside else 0.0
            fx += factor * dx
            fy += factor * dy
            if z is not None:
                fz += factor * dz
            if w is not None:
                fw += factor * dw
        total += energy
        forces[i, 0] = fx
        forces[i, 1] = fy
        if z is not None:
            forces[i, 2] = fz
        if w is not None:
            forces[i, 3] = fw
    return 0.5 * total


@njit(cache=True, fastmath=True)
def entry_diameters(starts, neighbours, species, diameter, sizes, polydisperse):
    """Pair diameter of each entry of a full neighbour list.

    `sizes` holds the pair diameters by species, or the non-additivity of a polydisperse mixture as
    its only element.
    """
    out = np.empty(len(neighbours))
    for i in range(len(starts) - 1):
        for k in range(starts[i], starts[i + 1]):
            j = neighbours[k]
            if polydisperse:
                out[k] = (
                    0.5
                    * (diameter[i] + diameter[j])
                    * (1.0 - sizes[0, 0] * abs(diameter[i] - diameter[j]))
                )
            else:
                out[k] = sizes[species[i], species[j]]
    return out


@njit(cache=True)
def bond_coefficients(distance, pair_diameter, powers, laurent):
    """phi and B_1, ..., B_4 of each pair, shape=(5, P).

    Parameters
    ----------
    distance, pair_diameter : ndarray, shape=(P,)
        Distance r and diameter lambda of each pair.
    powers, laurent : ndarray, shape=(11,)
        Powers p and coefficients a_p of the potential.
    """
    out = np.zeros((5, len(distance)))
    for b in range(len(distance)):
        x = distance[b] / pair_diameter[b]
        inverse = 1.0 / (pair_diameter[b] * pair_diameter[b])
        u = 1.0 / (x * x)
        for t in range(len(powers)):
            if laurent[t] == 0.0:
                continue
            term = laurent[t] * x ** powers[t]
            power = powers[t]
            out[0, b] += term
            for order in range(1, 5):
                term *= power * u * inverse
                power -= 2.0
                out[order, b] += term
    return out


@njit(cache=True, fastmath=True)
def separations(positions, box, first, second):
    """Separations r_first - r_second by the minimum image convention, and their lengths.

    Returns
    -------
    separation : ndarray, shape=(P, d)
    distance : ndarray, shape=(P,)
    """
    d = len(box)
    out = np.empty((len(first), d))
    distance = np.empty(len(first))
    for b in range(len(first)):
        square = 0.0
        for a in range(d):
            step = positions[first[b], a] - positions[second[b], a]
            step -= box[a] * np.rint(step / box[a])
            out[b, a] = step
            square += step * step
        distance[b] = np.sqrt(square)
    return out, distance


@njit(cache=True, fastmath=True)
def scatter_forces(box, first, second, separation, b1, out):
    """Add the forces -dU/dr, from B_1 of each pair, to `out`."""
    d = len(box)
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        for a in range(d):
            pull = b1[b] * separation[b, a]
            out[i, a] -= pull
            out[j, a] += pull


@njit(cache=True, fastmath=True)
def hessian_product(box, first, second, separation, b1, b2, z, out):
    """Add M z to `out`."""
    d = len(box)
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        xz = 0.0
        for a in range(d):
            xz += separation[b, a] * (z[i, a] - z[j, a])
        along = b2[b] * xz
        for a in range(d):
            pull = along * separation[b, a] + b1[b] * (z[i, a] - z[j, a])
            out[i, a] += pull
            out[j, a] -= pull


@njit(cache=True, fastmath=True)
def forms(box, first, second, separation, b1, b2, b3, b4, z):
    """kappa, tau and chi of a field z in one pass over the pairs."""
    d = len(box)
    kappa = 0.0
    tau = 0.0
    chi = 0.0
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        xz = 0.0
        zz = 0.0
        for a in range(d):
            step = z[i, a] - z[j, a]
            xz += separation[b, a] * step
            zz += step * step
        xz2 = xz * xz
        kappa += b2[b] * xz2 + b1[b] * zz
        tau += b3[b] * xz2 * xz + 3.0 * b2[b] * xz * zz
        chi += b4[b] * xz2 * xz2 + 6.0 * b3[b] * xz2 * zz + 3.0 * b2[b] * zz * zz
    return kappa, tau, chi


@njit(cache=True, fastmath=True)
def cubic_contraction(box, first, second, separation, b2, b3, u, v, out):
    """Add U''':uv to `out`."""
    d = len(box)
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        xu = 0.0
        xv = 0.0
        uv = 0.0
        for a in range(d):
            du = u[i, a] - u[j, a]
            dv = v[i, a] - v[j, a]
            xu += separation[b, a] * du
            xv += separation[b, a] * dv
            uv += du * dv
        along = b3[b] * xu * xv + b2[b] * uv
        for a in range(d):
            pull = along * separation[b, a] + b2[b] * (
                xu * (v[i, a] - v[j, a]) + xv * (u[i, a] - u[j, a])
            )
            out[i, a] += pull
            out[j, a] -= pull


@njit(cache=True, fastmath=True)
def quartic_contraction(box, first, second, separation, b2, b3, b4, z, out):
    """Add U'''':zzz to `out`."""
    d = len(box)
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        xz = 0.0
        zz = 0.0
        for a in range(d):
            step = z[i, a] - z[j, a]
            xz += separation[b, a] * step
            zz += step * step
        along = b4[b] * xz * xz * xz + 3.0 * b3[b] * xz * zz
        across = 3.0 * b3[b] * xz * xz + 3.0 * b2[b] * zz
        for a in range(d):
            pull = along * separation[b, a] + across * (z[i, a] - z[j, a])
            out[i, a] += pull
            out[j, a] -= pull


@njit(cache=True, fastmath=True)
def contractions(box, first, second, separation, b1, b2, b3, b4, z, linear, quadratic, cubic):
    """Add M z to `linear`, U''':zz to `quadratic`, U'''':zzz to `cubic`, where these are arrays."""
    d = len(box)
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        xz = 0.0
        zz = 0.0
        for a in range(d):
            step = z[i, a] - z[j, a]
            xz += separation[b, a] * step
            zz += step * step
        if linear is not None:
            along1 = b2[b] * xz
        if quadratic is not None:
            along2 = b3[b] * xz * xz + b2[b] * zz
            across2 = 2.0 * b2[b] * xz
        if cubic is not None:
            along3 = (b4[b] * xz * xz + 3.0 * b3[b] * zz) * xz
            across3 = 3.0 * (b3[b] * xz * xz + b2[b] * zz)
        for a in range(d):
            x = separation[b, a]
            step = z[i, a] - z[j, a]
            if linear is not None:
                pull = along1 * x + b1[b] * step
                linear[i, a] += pull
                linear[j, a] -= pull
            if quadratic is not None:
                pull = along2 * x + across2 * step
                quadratic[i, a] += pull
                quadratic[j, a] -= pull
            if cubic is not None:
                pull = along3 * x + across3 * step
                cubic[i, a] += pull
                cubic[j, a] -= pull


@njit(cache=True, fastmath=True)
def pair_quartic_contraction(box, first, second, z, out):
    """Add sum_j (z_ij.z_ij) z_ij of each particle i to `out`."""
    d = len(box)
    for b in range(len(first)):
        i = first[b]
        j = second[b]
        zz = 0.0
        for a in range(d):
            step = z[i, a] - z[j, a]
            zz += step * step
        for a in range(d):
            pull = zz * (z[i, a] - z[j, a])
            out[i, a] += pull
            out[j, a] -= pull


@njit(cache=True)
def directed_bonds(particles, first, second):
    """Full neighbour list of pairs: starts, neighbours (ascending) and pair of each entry.

    Parameters
    ----------
    particles : int
        Number of particles N.
    first, second : ndarray, shape=(P,)
        Pairs, ascending in `first`, then in `second`, with first < second.

    Returns
    -------
    starts : ndarray, shape=(N + 1,), dtype=int64
    neighbour : ndarray, shape=(2 P,), dtype=int32
    bond : ndarray, shape=(2 P,), dtype=int64
    """
    counts = np.zeros(particles + 1, np.int64)
    for b in range(len(first)):
        counts[first[b] + 1] += 1
        counts[second[b] + 1] += 1
    starts = np.cumsum(counts)
    fill = starts[:-1].copy()
    neighbour = np.empty(2 * len(first), np.int32)
    bond = np.empty(2 * len(first), np.int64)
    # the pairs ascend in (first, second), so filling the lower neighbours of all rows first, then
    # the higher ones, leaves each row sorted
    for b in range(len(first)):
        row = second[b]
        neighbour[fill[row]] = first[b]
        bond[fill[row]] = b
        fill[row] += 1
    for b in range(len(first)):
        row = first[b]
        neighbour[fill[row]] = second[b]
        bond[fill[row]] = b
        fill[row] += 1
    return starts, neighbour, bond


@njit(cache=True, fastmath=True)
def bond_matrix_rows(box, start, stop, starts, neighbour, bond, matrices):
    """Block rows of the matrix whose quadratic form is sum_bonds z_ij . T_b . z_ij.

    The block (i, j) of a pair is -T_b, the block (i, i) the sum of T_b over the pairs of i. Blocks
    ascend in column within a row.

    Parameters
    ----------
    box : tuple of float
        Its length is the dimension d.
    start, stop : int
        Range of particles whose rows are returned.
    starts, neighbour, bond : ndarray
        Full neighbour list, from :func:`directed_bonds`.
    matrices : ndarray, shape=(P, d, d)
        T_b of each pair.

    Returns
    -------
    indptr, indices : ndarray, dtype=int32
        Block compressed rows.
    blocks : ndarray, shape=(entries, d, d)
    """
    d = len(box)
    rows = stop - start
    total = starts[stop] - starts[start] + rows
    indptr = np.empty(rows + 1, np.int32)
    indices = np.empty(total, np.int32)
    blocks = np.empty((total, d, d))
    slot = 0
    indptr[0] = 0
    for row in range(rows):
        i = start + row
        diagonal = -1
        for k in range(starts[i], starts[i + 1]):
            if diagonal < 0 and neighbour[k] > i:
                diagonal = slot
                slot += 1
            indices[slot] = neighbour[k]
            for a in range(d):
                for c in range(d):
                    blocks[slot, a, c] = -matrices[bond[k], a, c]
            slot += 1
        if diagonal < 0:
            diagonal = slot
            slot += 1
        indices[diagonal] = i
        for a in range(d):
            for c in range(d):
                accumulated = 0.0
                for k in range(starts[i], starts[i + 1]):
                    accumulated += matrices[bond[k], a, c]
                blocks[diagonal, a, c] = accumulated
        indptr[row + 1] = slot
    return indptr, indices, blocks
