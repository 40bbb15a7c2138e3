"""Random number streams of every sample and stage.

The numbers of a sample depend on the campaign's seed, the name of the ensemble, the index of the
sample and the name of the stage, and on nothing else: neither on the bundle size, nor on the
number of MPI ranks, nor on the order in which samples are computed.
"""

from __future__ import annotations

import hashlib

import numpy as np


def _entropy(seed: int, ensemble: str, sample: int, stage: str) -> list[int]:
    """Integers that seed one stream: the campaign's seed, a hash of both names, the sample."""
    digest = hashlib.sha256(f"{ensemble}\0{stage}".encode()).digest()
    return [int(seed), int.from_bytes(digest[:8], "little"), int(sample)]


def random_stream(seed: int, ensemble: str, sample: int, stage: str) -> np.random.Generator:
    """Random number generator of one stage of one sample, independent of all other streams.

    Parameters
    ----------
    seed : int
        Seed of the campaign.
    ensemble, stage : str
        Names of the ensemble and of the stage.
    sample : int
        Index of the sample (or of the equilibrium run, for stages of a run).

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng(np.random.SeedSequence(_entropy(seed, ensemble, sample, stage)))


def lammps_seed(seed: int, ensemble: str, sample: int, stage: str) -> int:
    """Seed for a random number generator of LAMMPS, 1 <= seed < 2^31, for one stage of one sample.

    It is the first integer of :func:`random_stream`, which takes the same parameters.
    """
    return int(random_stream(seed, ensemble, sample, stage).integers(1, 2**31 - 1))
