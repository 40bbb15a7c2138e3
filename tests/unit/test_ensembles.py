"""Bundles cover every sample once; random numbers belong to the sample, not to its bundle."""

import numpy as np
import pytest
from glassmodes.ensembles import Ensemble
from glassmodes.parallel import distribute
from glassmodes.randomness import lammps_seed, random_stream


@pytest.mark.parametrize("bundle", [1, 3, 7, 50])
def test_bundles_hold_every_sample_once(bundle):
    ensemble = Ensemble("glass", "ipl12", 500, samples=20, bundle=bundle)
    held = [sample for b in ensemble.bundles for sample in ensemble.samples_of(b)]
    assert held == list(range(20))
    assert max(len(ensemble.samples_of(b)) for b in ensemble.bundles) <= bundle
    with pytest.raises(IndexError, match="glass"):
        ensemble.samples_of(len(ensemble.bundles))


def test_random_streams_differ_by_seed_ensemble_sample_and_stage():
    keys = [(1, "a", 0, "melt"), (2, "a", 0, "melt"), (1, "b", 0, "melt"), (1, "a", 1, "melt")]
    keys += [(1, "a", 0, "nve"), (1, "am", 0, "elt")]
    first = {random_stream(*key).integers(2**62) for key in keys}
    assert len(first) == len(keys)
    assert random_stream(*keys[0]).integers(2**62) in first


def test_lammps_seeds_are_valid_and_reproducible():
    seeds = [lammps_seed(20201120, "glass", s, "melt") for s in range(1000)]
    assert min(seeds) > 0 and max(seeds) < 2**31 and len(set(seeds)) == 1000
    assert seeds[5] == lammps_seed(20201120, "glass", 5, "melt")


def test_items_are_dealt_once_over_the_ranks():
    dealt = [distribute(range(11), rank, 3) for rank in range(3)]
    np.testing.assert_array_equal(np.sort(np.concatenate(dealt)), np.arange(11))
