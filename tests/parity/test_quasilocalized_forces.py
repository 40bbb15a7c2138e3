"""Excitations from forces alone: equal to the analytic road, and those of a many-body potential."""

import numpy as np
import pytest
from glassmodes.campaign.settings import ROOT
from glassmodes.modes import InverseHessian
from glassmodes.quasilocalized import ForceExpansion, iterate, minimise
from glassmodes.quasilocalized.energies import without_translation
from glassmodes.simulation.forces import LammpsForces

from tests.conftest import small_glass

TOLERANCE = 1e-5
"""Of residuals: what third differences of forces allow (see the module)."""


def random_field(shape, seed=1):
    field = without_translation(np.random.default_rng(seed).standard_normal(shape))
    return field / np.linalg.norm(field)


@pytest.fixture(scope="module")
def silicon():
    """A Stillinger-Weber glass of 64 atoms: LAMMPS' forces and its inherent structure."""
    folder = ROOT / "lammps_inputs"
    variables = {"folder": folder, "melting": 1.0, "cooling": 2.0}
    with LammpsForces(
        *(f"variable {name} index {value}" for name, value in variables.items()),
        f"include {folder / 'silicon.in'}",
    ) as forces:
        yield forces, forces.positions


def landscape_forces(landscape, glass, **settings):
    return ForceExpansion(
        lambda x: landscape.energy_and_forces(x)[1], glass.positions, glass.box, **settings
    )


def far_from_cutoffs(landscape, positions, step):
    """A particle no pair of which comes to a cutoff, or leaves it, within three steps."""
    model = landscape.model
    for particle in range(len(positions)):
        apart = positions - positions[particle]
        apart -= landscape.box * np.rint(apart / landscape.box)
        species = landscape.species
        reach = model.potential.cutoff * model.pair_diameters[species[particle], species]
        if np.abs(np.linalg.norm(apart, axis=1) - reach).min() > 4.0 * step:
            return particle
    raise AssertionError("no particle is far from all cutoffs")


@pytest.mark.parametrize("name, particles", [("ipl10_2d", 60), ("ipl10_3d", 100)])
def test_contractions_from_forces_are_the_analytic_ones(name, particles):
    _, landscape, glass = small_glass(name, particles)
    exact = landscape.expand(glass.positions)
    forced = landscape_forces(landscape, glass, step=1e-3)
    everywhere = random_field(glass.positions.shape)
    smooth = np.zeros_like(everywhere)
    smooth[far_from_cutoffs(landscape, glass.positions, 1e-3)] = 1.0
    # the fourth derivative of the potential jumps at the cutoff: what crosses it has a part of that
    for z, allowed in ((smooth, (1e-11, 1e-9, 1e-6)), (everywhere, (1e-8, 1e-5, 1e-3))):
        for ours, expected, relative in zip(
            forced.contractions(z), exact.contractions(z), allowed, strict=True
        ):
            assert np.linalg.norm(ours - expected) <= relative * np.linalg.norm(expected)
    assert forced.forms(smooth) == pytest.approx(exact.forms(smooth), rel=1e-6)
    matrix = exact.hessian()
    assert abs(forced.hessian() - matrix).max() < 1e-8 * abs(matrix).max()


def test_error_estimate_bounds_the_error_of_smooth_forces():
    """A sum of sines along one axis: every derivative is known."""
    wave = np.array([1.0, 2.0, 3.0])[:, None]
    positions = np.array([[0.1], [0.5], [0.8]])
    forced = ForceExpansion(lambda x: np.sin(wave * x), positions, np.ones(1), step=0.01)
    z = np.array([[1.0], [-0.5], [0.25]])
    exact = (
        -wave * np.cos(wave * positions) * z,
        wave**2 * np.sin(wave * positions) * z**2,
        wave**3 * np.cos(wave * positions) * z**3,
    )
    errors = [
        np.linalg.norm(a - b) / np.linalg.norm(b)
        for a, b in zip(forced.contractions(z), exact, strict=True)
    ]
    assert all(error <= bound for error, bound in zip(errors, forced.errors(z), strict=True))
    assert max(errors) < 1e-6
    assert forced.evaluations == 1 + 6 + 6


def test_modes_from_forces_are_those_of_the_analytic_road():
    _, landscape, glass = small_glass("ipl10_3d", 100)
    exact = landscape.expand(glass.positions)
    forced = landscape_forces(landscape, glass)
    with InverseHessian.of_expansion(exact) as inverse:
        start = inverse.lowest(1)[1][0]
        for kind in ("quartic", "cubic"):
            expected = iterate(exact, inverse, kind, start)
            mapped = iterate(forced, inverse, kind, start, tolerance=TOLERANCE)
            descended = minimise(forced, kind, start, tolerance=TOLERANCE)
            for found in (mapped, descended):
                assert found.converged
                assert 1.0 - abs(np.vdot(found.field, expected.field)) < 1e-8
                assert found.stiffness == pytest.approx(expected.stiffness, rel=1e-4)
                assert found.form == pytest.approx(expected.form, rel=1e-3)
            start = expected.field


def test_lammps_gives_the_forces_of_the_landscape():
    model, landscape, glass = small_glass("ipl10_3d", 100)
    edges = " ".join(f"0 {edge!r}" for edge in glass.box.tolist())
    wrapped = glass.positions - glass.box * np.floor(glass.positions / glass.box)
    atoms = [
        f"create_atoms {kind + 1} single {x!r} {y!r} {z!r}"
        for kind, (x, y, z) in zip(glass.species, wrapped.tolist(), strict=True)
    ]
    with LammpsForces(
        *("units lj", "atom_modify map array sort 0 0.0", f"region box block {edges}"),
        *("create_box 2 box", *atoms, "mass * 1.0", *model.lammps_commands()),
        "neighbor 0.3 bin",
    ) as forces:
        assert forces.box == pytest.approx(glass.box)
        moved = wrapped + 0.02 * random_field(wrapped.shape) * np.sqrt(len(wrapped))
        energy, expected = landscape.energy_and_forces(moved)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(forces(moved), expected, atol=1e-10 * scale)
        assert forces.energy(moved) == pytest.approx(energy, rel=1e-11)


@pytest.mark.processor
def test_silicon_has_quasilocalized_modes_on_which_both_solvers_agree(silicon):
    forces, positions = silicon
    expansion = ForceExpansion(forces, positions, forces.box)
    assert expansion.max_force < 1e-9
    with InverseHessian.of_expansion(expansion) as inverse:
        values, vectors, residuals = inverse.lowest(1, tolerance=1e-8)
        psi = vectors[0]
        assert residuals[0] < 1e-7
        assert np.vdot(psi, expansion.hessian_product(psi)) == pytest.approx(values[0], rel=1e-5)
        start = psi
        for kind in ("quartic", "cubic"):
            mapped = iterate(expansion, inverse, kind, start, tolerance=TOLERANCE)
            descended = minimise(expansion, kind, start, tolerance=TOLERANCE)
            assert mapped.converged and descended.converged
            assert 1.0 - abs(np.vdot(mapped.field, descended.field)) < 1e-8
            # the harmonic mode is the direction of least stiffness
            assert mapped.stiffness >= values[0] * (1.0 - 1e-5)
            start = mapped.field
    # another step gives the same coefficients
    coarse = ForceExpansion(forces, positions, forces.box, step=5e-3)
    assert coarse.forms(start) == pytest.approx(expansion.forms(start), rel=1e-4)
