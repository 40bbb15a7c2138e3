"""The package as a library: what an installed wheel holds, and what its core can do without."""

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "analysis", "lammps_inputs")

CORE = ("models", "landscape", "mechanics", "modes", "anharmonic.decay_rates", "quasilocalized")
CORE += ("anharmonic.lifetimes", "transitions.excitations", "statistics.resampling")
HEAVY = ("h5py", "lammps", "matplotlib", "mpi4py", "petsc4py", "pydantic", "slepc4py", "snakemake")

USE = """
import sys
from pathlib import Path

import glassmodes
from glassmodes.campaign import rates
from glassmodes.campaign.settings import load_campaign
from glassmodes.models import get_model, load_models
from glassmodes.simulation import plugin

for file in (glassmodes.__file__, plugin.SOURCE, rates.source()):
    assert Path(file).resolve().is_relative_to(sys.prefix), file
assert get_model("ipl12").density == 1.015 and len(load_models()) > 5
assert plugin.SOURCE.is_file() and not plugin.SOURCE.is_symlink()
assert rates.rate("start") > 0.0
campaign = load_campaign({
    "campaign": "small", "seed": 1,
    "ensembles": {"glass": {"model": "harmonic", "particles": 64,
                            "preparation": {"protocol": "random"}}},
    "studies": {"modes": {"ensembles": ["glass"], "request": "all"}},
})
assert list(campaign.ensembles) == ["glass"]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel built from a copy of the sources, which must not see an earlier build."""
    sources = tmp_path_factory.mktemp("sources")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, sources / name, symlinks=True, ignore=ignored)
        else:
            shutil.copy(ROOT / name, sources)
    target = tmp_path_factory.mktemp("wheel")
    run(*("-m", "pip", "wheel", "--no-build-isolation", "--no-deps", "-w", target, sources))
    (found,) = target.glob("*.whl")
    return found


def run(*arguments, python=sys.executable, **options):
    done = subprocess.run(
        [str(word) for word in (python, *arguments)], capture_output=True, text=True, **options
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout + done.stderr


def test_a_wheel_holds_the_package_with_its_data_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        inputs = {f"glassmodes/{path.relative_to(ROOT)}" for path in input_files()}
        for name in inputs:
            assert archive.read(name) == (ROOT / name.removeprefix("glassmodes/")).read_bytes()
    assert {"glassmodes/models/models.yaml", "glassmodes/campaign/rates.yaml"} <= names
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"glassmodes"}


def input_files():
    return [path for path in (ROOT / "lammps_inputs").rglob("*") if path.is_file()]


def test_an_installed_wheel_finds_its_data_from_any_folder(wheel, tmp_path):
    venv.create(tmp_path / "environment", with_pip=False)
    python = tmp_path / "environment/bin/python"
    (site,) = (tmp_path / "environment/lib").glob("python*/site-packages")
    # its dependencies, but not the sources that the environment of the project links to
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ("install", "--no-deps", "--no-index", "--ignore-installed", "--quiet")
    run("-m", "pip", "--python", python, *install, wheel)
    assert run("-c", USE, python=python, cwd=tmp_path, env={"HOME": str(tmp_path)}) == ""
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"environment"}, "something was compiled or written"


def test_the_core_needs_neither_workflow_nor_message_passing():
    lines = ["import sys", *(f"sys.modules[{name!r}] = None" for name in HEAVY)]
    lines += [f"import glassmodes.{room}" for room in CORE]
    lines += ["import numpy, scipy.sparse"]
    # a chain of three particles in one dimension: w^2 = 1 and 3
    lines += ["chain = [[1.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]]"]
    lines += ["hessian = scipy.sparse.csr_matrix(chain)"]
    lines += ["from glassmodes.modes import solve_modes"]
    lines += ["modes = solve_modes(hessian, {'all': True}, dimension=1)"]
    lines += ["assert numpy.allclose(modes.frequency_squared, [1.0, 3.0])"]
    run("-c", "\n".join(lines), env={"PYTHONPATH": str(ROOT / "analysis")})
