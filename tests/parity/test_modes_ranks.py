"""Modes on one rank and on two: the same spectrum from every road."""

import json
import subprocess
import sys

import numpy as np
import pytest

PROGRAM = """
import json, sys
import numpy as np
from mpi4py import MPI
from glassmodes.modes import (
    IncompleteSpectrumError, ModeError, kernel_polynomial_density, shift_invert, solve_modes)
from tests.conftest import small_glass
world = MPI.COMM_WORLD
assert world.size == int(sys.argv[1]), world.size
_, landscape, glass = small_glass("ipl12", 256)
expansion = landscape.expand(glass.positions)
for request, method in json.loads(sys.argv[3]):
    modes = solve_modes(expansion, request, method=method, communicator=world)
    name = f"{sys.argv[2]}/{method}_rank{world.rank}of{world.size}.npz"
    np.savez(name, values=modes.frequency_squared, below=modes.complete_below,
             vectors=modes.vectors)
shaken = glass.positions + 0.15 * np.random.default_rng(3).standard_normal((256, 3))
for method, request in (("lanczos", {"lowest": 5}), ("slicing", {"below": 3.0})):
    try:
        solve_modes(landscape.expand(shaken), request, method=method, communicator=world)
    except ModeError as error:
        assert "no minimum" in str(error)
    else:
        raise AssertionError("a saddle was taken for a minimum")
def loses(*_, **__):
    raise IncompleteSpectrumError(24, 23, "below w^2 = 5")
shift_invert.lowest_modes = loses
try:
    solve_modes(expansion, {"lowest": 24}, method="lanczos", communicator=world)
except IncompleteSpectrumError as error:
    assert (error.expected, error.found) == (24, 23)
else:
    raise AssertionError("a rank did not hear of the lost mode")
assert solve_modes(expansion, {"lowest": 24}, communicator=world).method != "lanczos"
density = kernel_polynomial_density(
    expansion, np.linspace(0, 25, 6), rng=np.random.default_rng(0), moments=32,
    random_vectors=3, communicator=world)
np.savez(f"{sys.argv[2]}/kpm_rank{world.rank}of{world.size}.npz", values=density.density)
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    roads = [({"all": True}, "dense"), ({"lowest": 24}, "lanczos"), ({"below": 12.0}, "slicing")]
    try:
        import slepc4py  # noqa: F401
        from glassmodes.modes.factorisation import petsc_packages

        roads += [({"lowest": 8}, "lobpcg"), ({"below": 4.0}, "slepc_slicing")]
        if {"mumps", "mkl_cpardiso"} & set(petsc_packages()):
            roads.append(({"lowest": 24}, "krylovschur"))
    except ImportError:
        pass
    out = {}
    for ranks in (1, 2):
        folder = tmp_path_factory.mktemp(f"ranks{ranks}")
        command = [f"{sys.prefix}/bin/mpiexec", "-n", str(ranks), sys.executable, "-c", PROGRAM]
        command += [str(ranks), str(folder), json.dumps(roads)]
        subprocess.run(command, check=True, timeout=400)
        for path in folder.glob("*.npz"):
            out[path.stem] = dict(np.load(path))
    return out


@pytest.mark.mpi
@pytest.mark.parametrize(
    "method", ["dense", "lanczos", "slicing", "lobpcg", "slepc_slicing", "krylovschur"]
)
def test_modes_do_not_depend_on_the_number_of_ranks(results, method):
    if f"{method}_rank0of1" not in results:
        pytest.skip(f"no {method} here")
    single = results[f"{method}_rank0of1"]
    for rank in (0, 1):
        pair = results[f"{method}_rank{rank}of2"]
        np.testing.assert_allclose(pair["values"], single["values"], rtol=1e-9)
        overlap = np.einsum("kia,kia->k", pair["vectors"], single["vectors"])
        np.testing.assert_allclose(np.abs(overlap), 1.0, atol=1e-8)
        assert pair["below"] == pytest.approx(float(single["below"]), rel=1e-5)


@pytest.mark.mpi
def test_the_chebyshev_density_has_the_same_bits(results):
    for rank in (0, 1):
        np.testing.assert_array_equal(
            results[f"kpm_rank{rank}of2"]["values"], results["kpm_rank0of1"]["values"]
        )
