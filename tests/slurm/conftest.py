"""One cluster for all tests; started by `make slurm-test` alone, as it needs SLURM installed."""

import os

import pytest

from tests.slurm.cluster import Cluster, NoCluster

ASKED = "SLURM_TESTS"


@pytest.fixture(scope="session")
def cluster():
    if not os.environ.get(ASKED):
        pytest.skip("a real SLURM is tested by `make slurm-test`")
    try:
        running = Cluster()
    except NoCluster as reason:
        pytest.fail(f"SLURM cannot be tested here: {reason}")
    with running:
        yield running
