"""Decay rates on one rank and on two: the same bits."""

import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import sys
import numpy as np
from mpi4py import MPI
from glassmodes.anharmonic.decay_rates import decay_rates
from glassmodes.anharmonic.vertices import PairVertices
from tests.conftest import full_modes, small_glass
world = MPI.COMM_WORLD
assert world.size == int(sys.argv[1]), world.size
_, landscape, glass = small_glass("ipl10_3d", 64)
rates = decay_rates(
    PairVertices(landscape.expand(glass.positions)),
    full_modes("ipl10_3d", 64),
    0.4,
    communicator=world,
    checkpoint=sys.argv[2],
)
np.save(f"{sys.argv[2]}/rank{world.rank}of{world.size}.npy", [rates.splitting, rates.combining])
"""


@pytest.mark.mpi
def test_rates_do_not_depend_on_the_number_of_ranks(tmp_path):
    mpiexec = f"{sys.prefix}/bin/mpiexec"
    results = []
    for ranks in (1, 2):
        folder = tmp_path / str(ranks)
        folder.mkdir()
        command = [mpiexec, "-n", str(ranks), sys.executable, "-c", PROGRAM, str(ranks), folder]
        subprocess.run(command, check=True, timeout=300)
        results += [np.load(path) for path in sorted(folder.glob("rank*.npy"))]
        assert len(list(folder.glob("modes_*.npy"))) == 12
    assert len(results) == 3
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
