"""Sizes that follow from a model and the number of particles, before anything is computed.

They are the mean numbers of neighbours and pairs, the size of the Hessian and of its factor, and
the number of structures that quenches can recognise. Plans and programs use them. The module is
quick to import. In all functions `particles` is the number of particles N.
"""

from __future__ import annotations

import math

from glassmodes.models.registry import GlassModel

KNOWN_MEMORY = 2.5e8
"""Bytes of memory for the inherent structures that quenches of a run may recognise."""

DISTRIBUTED_SIZE = 60000
"""Degrees of freedom from which a factorisation spread over ranks beats one on a single process."""


def neighbours(model: GlassModel) -> float:
    """Mean number of neighbours of a particle within the cutoff, at uniform density."""
    d = model.dimension
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    reach = model.potential.cutoff * (
        0.5 * (sum(model.size_range))
        if model.is_polydisperse
        else float(model.fractions @ model.pair_diameters @ model.fractions)
    )
    return model.density * ball * reach**d


def mean_pairs(model: GlassModel, particles: int) -> float:
    """Mean number of pairs within the cutoff, for N particles."""
    return 0.5 * neighbours(model) * particles


def hessian_nonzeros(model: GlassModel, particles: int) -> float:
    """Number of non-zero elements of the Hessian, both triangles counted."""
    return (neighbours(model) + 1.0) * particles * model.dimension**2


def expansion_memory(model: GlassModel, particles: int) -> float:
    """Bytes of an expansion of the energy: pair list, derivatives of each pair, Hessian."""
    count, d = mean_pairs(model, particles), model.dimension
    # per pair: list entry, separation and derivatives; two off-diagonal blocks of the Hessian
    return count * (8 + 8 * (d + 1) + 80) + (2 * count + particles) * d * d * 12


def factor_nonzeros(particles: int, neighbours: float, dimension: int) -> float:
    """Estimated number of non-zeros in the LDL^T factor of a Hessian.

    With nested dissection the factor grows as N^(2 - 2/d) in d > 2 dimensions and as N log N in
    two. The prefactor follows from the width of the separators, which depends on the number of
    neighbours. It is calibrated on the peak memory of MKL PARDISO for 12-IPL (0.24 GiB at N =
    4,000, 4.6 GiB at N = 32,000), harmonic spheres, and 10-IPL in two to four dimensions, and is
    accurate to about 40 %. Once PARDISO has analysed the matrix, its own exact count is used
    instead.

    Parameters
    ----------
    particles : int
        Number of particles N.
    neighbours : float
        Mean number of interacting neighbours of a particle.
    dimension : int
        Space dimension d.

    Returns
    -------
    float
        Number of non-zeros, at most that of the dense lower triangle.
    """
    size = dimension * particles
    reach = max(neighbours, 1.0) ** (1.0 / dimension)
    if dimension <= 2:
        fill = particles * math.log2(max(particles, 2)) * reach**2 * dimension**2
    else:
        fill = 3.0 * dimension**2 * reach**2 * particles ** (2.0 - 2.0 / dimension)
    return min(fill, 0.5 * size * (size + 1.0))


def known_structure_memory(model: GlassModel, particles: int) -> float:
    """Bytes of one inherent structure that quenches may recognise."""
    # list entry, separation and derivatives of each pair, and positions
    return (
        mean_pairs(model, particles) * (8 + 8 * (model.dimension + 1) + 80)
        + 8 * model.dimension * particles
    )


def known_structures(model: GlassModel, particles: int) -> int:
    """Number of inherent structures of earlier frames that quenches may recognise.

    The quencher of a run may hold twice as many, as structures found meanwhile are added.
    """
    return int(min(32, max(3, KNOWN_MEMORY // known_structure_memory(model, particles))))
