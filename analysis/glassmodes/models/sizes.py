"""Sizes that follow from a model and N alone, known before anything is built.

Neighbours, pairs, the Hessian and its factor, structures that are kept to be recognised: what
plans are made of, and what the programs themselves decide by. Cheap to import.
"""

from __future__ import annotations

import math

from glassmodes.models.registry import GlassModel

KNOWN_MEMORY = 2.5e8
"""Bytes for the structures of earlier frames that quenches may recognise."""

DISTRIBUTED_SIZE = 60000
"""Degrees of freedom from which a factorisation spread over ranks beats one on a single process."""


def neighbours(model: GlassModel) -> float:
    """Mean number of neighbours within the cutoff of a particle."""
    d = model.dimension
    ball = math.pi ** (d / 2) / math.gamma(d / 2 + 1)
    reach = model.potential.cutoff * (
        0.5 * (sum(model.size_range))
        if model.is_polydisperse
        else float(model.fractions @ model.pair_diameters @ model.fractions)
    )
    return model.density * ball * reach**d


def mean_pairs(model: GlassModel, particles: int) -> float:
    """Mean number of pairs within the cutoff."""
    return 0.5 * neighbours(model) * particles


def hessian_nonzeros(model: GlassModel, particles: int) -> float:
    """Entries of the Hessian that are not zero, both triangles."""
    return (neighbours(model) + 1.0) * particles * model.dimension**2


def expansion_memory(model: GlassModel, particles: int) -> float:
    """Bytes of an expansion of the energy: pair list, derivatives of each pair, Hessian."""
    count, d = mean_pairs(model, particles), model.dimension
    # list, separations and five derivatives of each pair; Hessian blocks of both its members
    return count * (8 + 8 * (d + 1) + 80) + (2 * count + particles) * d * d * 12


def factor_nonzeros(particles: int, neighbours: float, dimension: int) -> float:
    """Non-zeros of the LDL^T factor of a Hessian.

    Nested dissection in d dimensions fills as N^(2 - 2/d) (N log N in 2D); the prefactor is set
    by the width of the separators, that is by the number of neighbours. Calibrated on PARDISO's
    peak for 12-IPL (0.24 GiB at N = 4,000, 4.6 GiB at 32,000), harmonic spheres and 10-IPL in 2D
    to 4D: good to some 40%. PARDISO's own analysis is exact and decides once it has run.
    """
    size = dimension * particles
    reach = max(neighbours, 1.0) ** (1.0 / dimension)
    if dimension <= 2:
        fill = particles * math.log2(max(particles, 2)) * reach**2 * dimension**2
    else:
        fill = 3.0 * dimension**2 * reach**2 * particles ** (2.0 - 2.0 / dimension)
    return min(fill, 0.5 * size * (size + 1.0))


def known_structure_memory(model: GlassModel, particles: int) -> float:
    """Bytes of a structure that quenches may recognise."""
    # positions, and the list and derivatives of the pairs of each
    return (
        mean_pairs(model, particles) * (8 + 8 * (model.dimension + 1) + 80)
        + 8 * model.dimension * particles
    )


def known_structures(model: GlassModel, particles: int) -> int:
    """Structures of earlier frames that quenches may recognise; as many again may join them."""
    return int(min(32, max(3, KNOWN_MEMORY // known_structure_memory(model, particles))))
