"""The potential energy landscape: neighbour pairs, derivatives to fourth order, minimisers."""

from glassmodes.landscape.expansion import Expansion
from glassmodes.landscape.landscape import Landscape
from glassmodes.landscape.minimisers import RelaxationResult, relax
from glassmodes.landscape.neighbours import NeighbourError, find_pairs
from glassmodes.landscape.quench import Quench, Quencher

__all__ = [
    "Expansion",
    "Landscape",
    "NeighbourError",
    "Quench",
    "Quencher",
    "RelaxationResult",
    "find_pairs",
    "relax",
]
