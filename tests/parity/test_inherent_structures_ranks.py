"""Inherent structures through time on one rank and on several: the same series."""

import subprocess
import sys

import numpy as np
import pytest
from glassmodes.data.storage import open_file

PROGRAM = """
import sys
from mpi4py import MPI
from glassmodes.transitions import inherent_structures as module
from tests.conftest import small_glass
from tests.runs import run_in_process
module.BATCH_FRAMES, module.CHUNK_FRAMES = (8, 8), 16
ranks, dynamics, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
assert MPI.COMM_WORLD.size == ranks
model, _, glass = small_glass("ipl12", 200, 0)
run_in_process(
    "follow_inherent_structures", path, model, [glass],
    {"temperatures": [4.5e-1], "equilibration": 2.0, "duration": 3.0, "interval": 0.1,
     "force_tolerance": 1e-10},
    ranks_per_sample=dynamics, world=MPI.COMM_WORLD,
)
"""


def series(folder, ranks, dynamics):
    path = folder / f"{ranks}of{dynamics}.h5"
    command = [f"{sys.prefix}/bin/mpiexec", "-n", str(ranks), sys.executable, "-c", PROGRAM]
    subprocess.run([*command, str(ranks), str(dynamics), str(path)], check=True, timeout=300)
    with open_file(path) as file:
        group = file["s000000"]
        return {name: values[...] for name, values in group.items() if name != "seconds"}


@pytest.mark.mpi
@pytest.mark.parametrize(("dynamics", "numbers"), [(1, (1, 2, 3)), (2, (2, 3))])
def test_series_does_not_depend_on_the_number_of_ranks(tmp_path, dynamics, numbers):
    expected, *others = [series(tmp_path, ranks, dynamics) for ranks in numbers]
    assert len(expected["structures"]) > 1
    for found in others:
        assert found.keys() == expected.keys()
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
