"""Random numbers of every sample and stage.

What a sample holds depends on the campaign's seed, the names of its ensemble and stage, and its
index alone: never on bundles, ranks or order.
"""

from __future__ import annotations

import hashlib

import numpy as np


def _entropy(seed: int, ensemble: str, sample: int, stage: str) -> list[int]:
    digest = hashlib.sha256(f"{ensemble}\0{stage}".encode()).digest()
    return [int(seed), int.from_bytes(digest[:8], "little"), int(sample)]


def random_stream(seed: int, ensemble: str, sample: int, stage: str) -> np.random.Generator:
    """Independent random numbers for one stage of one sample."""
    return np.random.default_rng(np.random.SeedSequence(_entropy(seed, ensemble, sample, stage)))


def lammps_seed(seed: int, ensemble: str, sample: int, stage: str) -> int:
    """Seed for a LAMMPS command, 1 <= seed < 2^31, of one stage of one sample."""
    return int(random_stream(seed, ensemble, sample, stage).integers(1, 2**31 - 1))
