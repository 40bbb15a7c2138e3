"""Energies, forces and force constants of LAMMPS against our own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from glassmodes.landscape import Landscape, relax
from glassmodes.landscape.minimisers import fire
from glassmodes.models import ModelError, load_models
from glassmodes.simulation import LammpsSession, lammps_force_constants
from glassmodes.simulation.plugin import (
    PluginError,
    compiled_pair_style,
    style_arguments,
    style_name,
)
from glassmodes.simulation.session import pair_commands

MODELS = load_models()
IN_LAMMPS = [name for name, model in MODELS.items() if model.dimension in (2, 3)]
COMPILED = ["ipl12", "ipl10_2d", "ipl10_3d", "poly", "polydisperse_ipl12", "harmonic"]


def warm_configuration(model, particles=None, seed=1):
    """Overlap-free positions with forces of order one, far from a minimum."""
    rng = np.random.default_rng(seed)
    particles = particles or max(300, int(1.05 * model.smallest_system()) + 1)
    species, diameter = model.mixture(particles, rng)
    box = model.box(particles)
    landscape = Landscape(model, box, species, diameter)
    start = rng.random((particles, model.dimension)) * box
    positions, *_ = fire(landscape, start, force_tolerance=1.0, max_iterations=300)
    return landscape, positions


def session_of(landscape, positions, **options):
    return LammpsSession(
        landscape.model,
        landscape.box,
        landscape.species,
        landscape.diameter,
        positions,
        **options,
    )


def needs_plugin():
    try:
        compiled_pair_style(MODELS["ipl12"])
    except PluginError as error:
        pytest.skip(f"no compiled pair style here: {error}")


@pytest.mark.parametrize("name", IN_LAMMPS)
@pytest.mark.parametrize("pair_style", ["reference", "fast"])
def test_energy_and_forces_equal_lammps(name, pair_style):
    landscape, positions = warm_configuration(MODELS[name])
    energy, forces = landscape.energy_and_forces(positions)
    images = np.random.default_rng(2).integers(-3, 4, positions.shape) * landscape.box
    with session_of(landscape, positions + images, pair_style=pair_style) as session:
        theirs, their_forces = session.energy_and_forces()
        gathered = session.positions()
    assert theirs == pytest.approx(energy, rel=1e-10)
    np.testing.assert_allclose(their_forces, forces, atol=1e-10 * np.abs(forces).max())
    np.testing.assert_allclose(gathered, positions + images, rtol=0, atol=1e-13 * 30)


@pytest.mark.parametrize("name", COMPILED)
def test_compiled_style_equals_lepton(name):
    needs_plugin()
    landscape, positions = warm_configuration(MODELS[name], 500)
    results = []
    for pair_style in ("reference", "compiled"):
        with session_of(landscape, positions, pair_style=pair_style) as session:
            energy, forces = session.energy_and_forces()
            session.command(
                "compute stress all pressure NULL virial",
                "compute each all pe/atom",
                "compute sum all reduce sum c_each",
                "thermo_style custom step pe c_stress[1] c_stress[2] c_stress[3] c_stress[4] "
                "c_stress[5] c_stress[6] c_sum",
                "run 0 post no",
            )
            stress = session.lammps.numpy.extract_compute("stress", 0, 1).copy()
            atomic = session.lammps.extract_compute("sum", 0, 0)
        assert atomic == pytest.approx(energy, rel=1e-12)
        results.append((energy, forces, stress))
    (energy, forces, stress), (energy_c, forces_c, stress_c) = results
    assert energy_c == pytest.approx(energy, rel=1e-12)
    np.testing.assert_allclose(forces_c, forces, rtol=0, atol=1e-12 * np.abs(forces).max())
    np.testing.assert_allclose(stress_c, stress, rtol=0, atol=1e-12 * np.abs(stress).max())


@pytest.mark.parametrize("name", ["ipl12", "harmonic", "ipl10_2d"])
def test_pressure_equals_the_virial_of_our_pairs(name):
    landscape, positions = warm_configuration(MODELS[name])
    expansion = landscape.expand(positions)
    virial = (expansion.bond_coefficients[1] * expansion.distance**2).sum()
    with session_of(landscape, positions) as session:
        pressure = session.pressure()
    assert pressure == pytest.approx(
        -virial / (landscape.box.prod() * landscape.box.size), rel=1e-10
    )


def test_compiled_styles_of_lammps_are_kept():
    assert pair_commands(MODELS["harmonic"]) == MODELS["harmonic"].lammps_commands()
    assert "laurent" in pair_commands(MODELS["harmonic"], "compiled")[1]


def test_a_style_is_known_by_its_powers():
    """A build serves every potential of the same powers, and no other."""
    names = {name: style_name(MODELS[name]) for name in IN_LAMMPS}
    assert names["ipl10_2d"] == names["ipl10_3d"] != names["ipl12"]
    assert names["poly"] == f"{names['ipl10_3d']}/polydisperse"
    assert len(style_arguments(MODELS["poly"])) == 2 + 5


def test_four_dimensions_have_no_lammps_form():
    with pytest.raises(ModelError, match="4-dimensional"):
        pair_commands(MODELS["ipl10_4d"])


def test_falls_back_to_lepton_without_a_compiler(monkeypatch, caplog):
    def fails(_):
        raise PluginError("no compiler")

    monkeypatch.setattr("glassmodes.simulation.plugin.compiled_pair_style", fails)
    monkeypatch.setattr("glassmodes.simulation.session._told", set())
    commands = pair_commands(MODELS["ipl12"])
    assert commands == MODELS["ipl12"].lammps_commands()
    assert "no compiler" in caplog.text
    with pytest.raises(PluginError):
        pair_commands(MODELS["ipl12"], "compiled")


@pytest.mark.parametrize("name", ["ipl10_3d", "harmonic"])
def test_hessian_equals_dynamical_matrix(name):
    model = MODELS[name]
    particles = 110
    landscape, positions = warm_configuration(model, particles)
    positions = relax(landscape, positions).positions
    expected = landscape.expand(positions).hessian().toarray()
    with session_of(landscape, positions) as session:
        found = lammps_force_constants(session, 2, 1e-5)
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-7 * np.abs(expected).max())


def test_third_order_equals_cubic_contraction(tmp_path):
    model = MODELS["harmonic"]
    # a sample without a contact that the finite differences would open or close
    landscape, positions = warm_configuration(model, 50, seed=3)
    positions = relax(landscape, positions).positions
    expansion = landscape.expand(positions)
    with session_of(landscape, positions) as session:
        third = lammps_force_constants(session, 3, 1e-4, tmp_path)
    assert (tmp_path / "third_order.dat").exists()
    rng = np.random.default_rng(3)
    u, v = rng.normal(size=(2, *positions.shape))
    expected = expansion.cubic_contraction(u, v)
    np.testing.assert_allclose(
        third.contraction(u, v), expected, rtol=0, atol=1e-5 * np.abs(expected).max()
    )


PORTABLE = """
from glassmodes.simulation import plugin
plugin.FLAGS = (*plugin.FLAGS, "-mno-avx512f")
from tests.parity.test_lammps_models import test_compiled_style_equals_lepton
from glassmodes.models import get_model
for name in ("ipl12", "poly"):
    test_compiled_style_equals_lepton(name)
print(plugin.compiled_pair_style(get_model("ipl12")))
"""


def test_compiled_style_without_avx512_equals_lepton(tmp_path):
    """In a process of its own: LAMMPS keeps the first plugin of a name."""
    needs_plugin()
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PORTABLE],
        capture_output=True,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": f"{root}:{root}/analysis", "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().startswith(str(tmp_path))
