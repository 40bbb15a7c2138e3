"""Our molecular dynamics against LAMMPS: the same trajectories, the same liquid."""

import numpy as np
import pytest
from glassmodes.simulation.molecular_dynamics import MolecularDynamics
from glassmodes.simulation.session import LammpsSession

from tests.unit.test_molecular_dynamics import liquid

pytestmark = pytest.mark.processor


@pytest.fixture(scope="module")
def start():
    return liquid("ipl10_3d", 200, 2.0)


def session_of(landscape, positions, velocities):
    return LammpsSession(
        *(landscape.model, landscape.box, landscape.species, landscape.diameter),
        *(positions, velocities),
    )


def test_trajectories_are_those_of_lammps(start):
    landscape, positions, velocities, step = start
    dynamics = MolecularDynamics(landscape, positions, velocities, step)
    with session_of(landscape, positions, velocities) as session:
        session.run_input("nve.in", time_step=step, every=100000, steps=0)
        # rounding grows with the Lyapunov exponent, tenfold in about a unit of time
        for steps, tolerance in ((1, 1e-13), (100, 1e-12), (300, 1e-10)):
            dynamics.run(steps)
            session.run(steps)
            expected = session.positions()
            np.testing.assert_allclose(dynamics.positions, expected, rtol=0, atol=tolerance)
    assert np.abs(dynamics.positions - positions).max() > 0.5


def test_liquid_has_the_energy_of_lammps(start):
    """Bussi's thermostat and LAMMPS' Langevin dynamics: one canonical ensemble."""
    landscape, positions, velocities, step = start
    ours, theirs = [], []
    dynamics = MolecularDynamics(landscape, positions, velocities, step, np.random.default_rng(2))
    with session_of(landscape, positions, velocities) as session:
        session.run_input(
            "nvt.in", temperature=2.0, start=2.0, seed=7, time_step=step, damping=0.5, steps=0
        )
        # nvt.in ends by taking its fixes away
        session.command("fix bath all langevin 2.0 2.0 0.5 11", "fix move all nve", "run 0 post no")
        for _ in range(300):
            dynamics.run(80, 2.0)
            ours.append(dynamics.potential_energy() / 200)
            session.run(80)
            theirs.append(session.potential_energy() / 200)

    def mean_and_error(values):
        blocks = np.reshape(values[20:], (10, 28)).mean(axis=1)
        return blocks.mean(), blocks.std(ddof=1) / np.sqrt(10)

    (one, one_error), (other, other_error) = mean_and_error(ours), mean_and_error(theirs)
    assert np.hypot(one_error, other_error) < 0.05
    assert abs(one - other) < 4 * np.hypot(one_error, other_error)
