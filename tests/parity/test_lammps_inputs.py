"""The files of lammps_inputs/ run by hand, with the lmp program and -var alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from glassmodes.ensembles import Ensemble
from glassmodes.models import load_models
from glassmodes.simulation import LammpsSession, fcc_crystal, prepare_glass
from glassmodes.simulation.plugin import INPUTS

MODELS = load_models()
LMP = Path(sys.executable).parent / "lmp"


def run_by_hand(name, folder, **variables):
    words = [f for key, value in variables.items() for f in ("-var", key, str(value))]
    done = subprocess.run(
        [LMP, "-log", "none", "-in", INPUTS / name, "-var", "inputs", INPUTS, *words],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def read_positions(data):
    """Wrapped positions of a LAMMPS data file in id order."""
    lines = data.read_text().splitlines()
    count = int(next(line for line in lines if line.endswith(" atoms")).split()[0])
    first = next(n for n, line in enumerate(lines) if line.startswith("Atoms")) + 2
    rows = np.array([line.split()[:5] for line in lines[first : first + count]], dtype=float)
    return rows[np.argsort(rows[:, 0]), 2:5]


def test_crystal(tmp_path):
    model = MODELS["ipl12_one_component"]
    run_by_hand("crystal.in", tmp_path, density=model.density, cells=5, output="crystal.data")
    ours, box = fcc_crystal(model, 5)
    theirs = read_positions(tmp_path / "crystal.data")
    order = [np.lexsort(np.round(x / box * 10).astype(int).T) for x in (ours, theirs)]
    np.testing.assert_allclose(theirs[order[1]], ours[order[0]], atol=1e-12)


def test_the_chain_from_liquid_to_trajectory(tmp_path):
    model = MODELS["harmonic"]
    ensemble = Ensemble("hand", "harmonic", 100, 1, 1, {"protocol": "random"})
    glass = prepare_glass(model, ensemble, 0, 5)
    system = (model, glass.box, glass.species, glass.diameter)
    with LammpsSession(*system, glass.positions) as session:
        energy, _ = session.energy_and_forces()
        session.export(tmp_path)
    common = {"potential": "potential.lmp", "time_step": 0.01}
    run_by_hand(
        *("melt.in", tmp_path),
        **(common | {"data": "system.data", "temperature": 0.01, "seed": 7, "steps": 100}),
        output="liquid.data",
    )
    run_by_hand("quench.in", tmp_path, **common, data="liquid.data", output="glass.data")
    run_by_hand(
        *("nvt.in", tmp_path),
        **(common | {"data": "glass.data", "temperature": 1e-6, "start": 2e-6, "seed": 3}),
        **{"steps": 100, "output": "warm.data"},
    )
    run_by_hand(
        *("nve.in", tmp_path),
        **(common | {"data": "warm.data", "steps": 100, "every": 20, "dump": "frames.lammpstrj"}),
    )
    frames = (tmp_path / "frames.lammpstrj").read_text().count("ITEM: TIMESTEP")
    assert frames == 6
    assert energy == pytest.approx(glass.energy, rel=1e-10)


def test_exported_system_has_the_same_energy(tmp_path):
    model = MODELS["polydisperse_ipl12"]
    ensemble = Ensemble("hand", model.name, 200, 1, 1, {"protocol": "random"})
    glass = prepare_glass(model, ensemble, 0, 5)
    system = (model, glass.box, glass.species, glass.diameter)
    with LammpsSession(*system, glass.positions) as session:
        session.export(tmp_path)
    text = run_by_hand(
        *("nve.in", tmp_path),
        **{"data": "system.data", "potential": "potential.lmp", "style": "sphere"},
        **{"time_step": 0.005, "steps": 0},
    )
    columns = next(line for line in text.splitlines() if "PotEng" in line).split()
    row = text.splitlines()[[columns == line.split() for line in text.splitlines()].index(True) + 1]
    energy = float(row.split()[columns.index("PotEng")])
    assert energy == pytest.approx(glass.energy, rel=1e-10)
