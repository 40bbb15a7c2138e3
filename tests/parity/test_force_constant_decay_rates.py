"""Decay rates from LAMMPS' force-constant files against the pair-potential road."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from glassmodes.anharmonic.decay_rates import DecayRateError, decay_rates
from glassmodes.anharmonic.force_constants import modes_of_force_constants
from glassmodes.anharmonic.vertices import PairVertices
from glassmodes.data.storage import read_table
from glassmodes.simulation import LammpsSession, lammps_force_constants

BROADENING = 0.05
SCRIPT = Path(__file__).parents[2] / "workflow/scripts/compute_force_constant_decay_rates.py"


def test_the_rates_of_lammps_files_are_those_of_the_pair_potential(
    make_glass, make_modes, tmp_path
):
    # a contact within two displacements of opening spoils LAMMPS' differences: this glass has none
    model, landscape, glass = make_glass("harmonic", 70, 2)
    with LammpsSession(
        model, glass.box, glass.species, glass.diameter, glass.positions, pair_style="reference"
    ) as session:
        lammps_force_constants(session, 2, 1e-5, tmp_path)
        lammps_force_constants(session, 3, 1e-4, tmp_path)
    spec = importlib.util.spec_from_file_location("program", SCRIPT)
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    second, third = tmp_path / "second_order.bin", tmp_path / "third_order.dat"
    output = tmp_path / "rates.parquet"
    program.main(
        f"--second-order {second} --third-order {third} --particles 70"
        f" --broadening {BROADENING} --output {output}".split()
    )
    found = read_table(output)
    expected = decay_rates(
        PairVertices(landscape.expand(glass.positions)),
        make_modes("harmonic", 70, 2),
        BROADENING,
        precision="double",
    )
    # finite differences of LAMMPS: second order to 1e-6, third to 1e-5, near-degenerate modes mix
    np.testing.assert_allclose(found.frequency, expected.frequency, rtol=1e-5)
    np.testing.assert_allclose(found.splitting, expected.splitting, rtol=2e-3)
    np.testing.assert_allclose(found.combining, expected.combining, rtol=2e-3)


def test_force_constants_that_break_translations_are_refused():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((12, 12))
    with pytest.raises(DecayRateError, match="acoustic sum rule"):
        modes_of_force_constants(matrix @ matrix.T)
