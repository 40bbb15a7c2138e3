"""Which campaigns need PETSc, and how they are refused where it is missing."""

import importlib.util
import os
import subprocess

import pytest
import yaml
from glassmodes.campaign import libraries
from glassmodes.campaign.libraries import MissingLibraryError, check_libraries, reasons_for_petsc
from glassmodes.campaign.planning import Machine
from glassmodes.campaign.settings import DEFAULT_CAMPAIGN, ROOT, load_campaign
from glassmodes.data.storage import read_modes
from glassmodes.modes import petsc_roads, solve_modes
from glassmodes.modes.errors import MemoryLimitError

from tests.workflow.test_folders import CAMPAIGN, SNAKEMAKE

LARGE = Machine(cores=64, memory=512.0)


def campaign(particles, request, ranks=1):
    preparation = {"protocol": "random", "ranks_per_sample": ranks}
    ensemble = {"model": "harmonic", "particles": particles, "preparation": preparation}
    modes = {"ensembles": ["spheres"], "request": request}
    content = {"campaign": "c", "seed": 1, "ensembles": {"spheres": ensemble}}
    return load_campaign({**content, "studies": {"modes": modes}})


@pytest.fixture
def without_petsc(monkeypatch):
    find = importlib.util.find_spec
    missing = ("petsc4py", "slepc4py")
    monkeypatch.setattr(
        libraries.importlib.util, "find_spec", lambda name: None if name in missing else find(name)
    )


@pytest.mark.parametrize(
    "particles, request_, ranks, needed",
    [
        (4000, {"lowest": 100}, 1, None),
        # one rank each, or too small to be worth sharing
        (100_000, {"lowest": 100}, 1, None),
        (20_000, {"lowest": 100}, 8, None),
        (20_001, {"lowest": 100}, 8, "8 ranks share the factorisation of 20001 particles"),
        (100_000, {"below": 0.1}, 8, None),
        (4000, "all", 8, None),
        (1_000_000, {"lowest": 100}, 1, "are found by iteration"),
        (1_000_000, {"lowest": 100}, 8, "are found by iteration"),
    ],
)
def test_roads_through_petsc(particles, request_, ranks, needed):
    reasons = reasons_for_petsc(campaign(particles, request_, ranks), LARGE)
    assert len(reasons) == (needed is not None)
    assert needed is None or (needed in reasons[0] and "ensembles.spheres" in reasons[0])


def test_memory_of_the_machine_decides_whether_a_factorisation_fits():
    one = campaign(100_000, {"lowest": 100})
    assert not reasons_for_petsc(one, LARGE)
    (reason,) = reasons_for_petsc(one, Machine(memory=4.0))
    assert "machine.memory has 4 GB" in reason


@pytest.mark.parametrize("path", sorted((ROOT / "config" / "reduced").glob("*.yaml")))
def test_reduced_campaigns_need_none(path, without_petsc):
    check_libraries(load_campaign(path), Machine(memory=8.0))


def test_demo_needs_none(without_petsc):
    check_libraries(load_campaign(DEFAULT_CAMPAIGN), Machine(memory=4.0))


def test_refusal_says_what_for_and_what_to_do(without_petsc):
    with pytest.raises(MissingLibraryError) as error:
        check_libraries(campaign(1_000_000, {"lowest": 10}), LARGE)
    text = str(error.value)
    assert "the campaign c needs PETSc and SLEPc" in text
    assert "`make env`" in text and "ensembles.spheres" in text


def test_campaign_that_needs_it_passes_where_it_is(monkeypatch):
    monkeypatch.setattr(libraries.importlib.util, "find_spec", lambda name: object())
    check_libraries(campaign(1_000_000, {"lowest": 10}), LARGE)


def test_sample_that_outgrows_memory_says_that_petsc_would_help(make_glass, monkeypatch):
    _, landscape, glass = make_glass("ipl10_3d", 300)
    monkeypatch.setattr(petsc_roads, "petsc_packages", lambda: ())
    hessian = landscape.expand(glass.positions)
    with pytest.raises(MemoryLimitError, match=r"iterative solvers need PETSc and SLEPc.*make env"):
        solve_modes(hessian, {"lowest": 10}, memory_limit=1000)


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.parametrize("request_", [{"lowest": 20}, {"below": 3.0}])
def test_modes_are_found_without_petsc(request_, tmp_path):
    """By MKL alone, above the size from which LAPACK would be slower."""
    for name in ("petsc4py", "slepc4py"):
        (tmp_path / "blocked" / name).mkdir(parents=True)
        refusal = f"raise ImportError('{name} is not here')\n"
        (tmp_path / "blocked" / name / "__init__.py").write_text(refusal)
    ensemble = {**CAMPAIGN["ensembles"]["glass"], "particles": 400, "samples": 1}
    modes = {"ensembles": ["glass"], "request": request_}
    content = {**CAMPAIGN, "ensembles": {"glass": ensemble}, "studies": {"modes": modes}}
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(content))
    target = tmp_path / "elsewhere" / "glass" / "modes" / "b0000.h5"
    paths = os.pathsep.join([str(tmp_path / "blocked"), str(ROOT / "analysis")])
    found = subprocess.run(
        [SNAKEMAKE, str(target), "--workflow-profile", "workflow/profiles/local"]
        + ["--configfile", str(tmp_path / "campaign.yaml"), "--config", f"results={tmp_path}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    modes = read_modes(target, 0)
    assert len(modes.frequency_squared) > 10
    assert modes.complete_below > 0.99 * modes.frequency_squared[-1] ** 0.5
