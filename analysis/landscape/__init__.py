"""The potential energy landscape: neighbour pairs, derivatives to fourth order, minimisers."""

from analysis.landscape.expansion import Expansion
from analysis.landscape.landscape import Landscape
from analysis.landscape.minimisers import RelaxationResult, relax
from analysis.landscape.neighbours import NeighbourError, find_pairs
from analysis.landscape.quench import Quench, Quencher

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
