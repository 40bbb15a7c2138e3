"""Our FIRE against `min_style fire` of LAMMPS: the same walk, and the same minima of MD frames."""

from __future__ import annotations

import numpy as np
import pytest
from glassmodes.landscape import Quencher
from glassmodes.landscape.descent import Descent
from glassmodes.simulation.session import LammpsSession

CASES = [("ipl12", 218), ("lj", 250), ("harmonic", 150), ("ipl10_2d", 120), ("poly", 150)]


def system_of(landscape, positions, velocities=None):
    return LammpsSession(
        *(landscape.model, landscape.box, landscape.species, landscape.diameter),
        *(positions, velocities),
    )


def lammps_fire(landscape, positions, time_step, tolerance, steps):
    with system_of(landscape, positions) as session:
        session.command(f"timestep {time_step!r}", "min_style fire", "min_modify norm max dmax 0.1")
        session.command(f"minimize 0.0 {tolerance!r} {steps} 1000000")
        return session.positions()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_walks_are_those_of_lammps(make_glass, case):
    model, landscape, glass = make_glass(*case)
    rng = np.random.default_rng(2)
    start = glass.positions + 0.05 * rng.standard_normal(glass.positions.shape)
    # the longer step overshoots, so that half steps back and shrinking are compared as well
    for time_step in (model.time_step, 2.0 * model.time_step):
        descent = Descent(landscape, time_step)
        descent.start(start)
        for steps in (1, 25, 60, 150):
            while descent.steps < steps or not descent.is_evaluated:
                descent.walk(0.0, 1)
            expected = lammps_fire(landscape, start, time_step, 1e-30, steps)
            np.testing.assert_allclose(descent.positions, expected, rtol=0, atol=1e-9)


@pytest.mark.processor
def test_frames_come_to_rest_where_lammps_takes_them(make_glass):
    """Frames with and without rearrangements, at T = 0.2, in the minimum of LAMMPS' FIRE.

    Every trajectory passes through a dozen structures or more. One frame may part: where a walk
    passes a saddle closely, rounding decides.
    """
    _, landscape, glass = make_glass("ipl12", 218)
    with system_of(landscape, glass.positions) as session:
        session.run_input("nvt.in", temperature=0.2, start=0.4, seed=3, time_step=0.005, steps=4000)
        positions, velocities = session.positions(), session.velocities()
    quencher = Quencher(landscape)
    found, roads, parted = set(), set(), 0
    with system_of(landscape, positions, velocities) as session:
        session.run_input("nve.in", time_step=0.005, every=20, steps=0)
        for _ in range(60):
            session.run(200)
            frame = session.positions()
            quench = quencher.quench(frame)
            expected = lammps_fire(landscape, frame, 0.005, 1e-10, 100_000)
            moved = quench.positions - expected
            assert quench.converged
            parted += np.abs(moved - moved.mean(axis=0)).max() > 1e-6
            found.add(quench.structure)
            roads.add(quench.road)
    assert parted <= 1
    assert len(found) > 1 and roads == {"fire", "recognised"}
