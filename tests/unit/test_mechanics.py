"""Moduli against finite strains of relaxed glasses, crystals, and exact relations."""

import numpy as np
import pytest
from glassmodes.landscape import Landscape, relax
from glassmodes.mechanics import (
    MechanicsError,
    debye_level,
    debye_level_of_tensor,
    elastic_moduli,
    elastic_tensor,
    nonaffine_velocity,
    sound_speeds,
    strain_derivatives,
)
from glassmodes.mechanics.moduli import solve_hessian

from tests.unit.test_modes_solvers import fcc


class Strained:
    """Energy of the bonds of an expansion in a sheared periodic box, relaxed by Newton steps."""

    def __init__(self, expansion):
        self.expansion = expansion
        self.offsets = expansion.separation - (
            expansion.positions[expansion.first] - expansion.positions[expansion.second]
        )

    def bonds(self, positions, deformation):
        e = self.expansion
        x = (positions[e.first] - positions[e.second] + self.offsets) @ deformation.T
        distance = np.linalg.norm(x, axis=1)
        f = e.potential.derivatives(distance / e.pair_diameter)
        return x, distance, f / e.pair_diameter ** np.arange(5)[:, None]

    def relaxed_energy(self, deformation):
        """Lowest energy at a fixed small deformation; the neighbour list is that of no strain.

        Coordinates are those of the undeformed box: force and metric follow the deformation.
        """
        e = self.expansion
        positions = e.positions.copy()
        for _ in range(60):
            x, r, f = self.bonds(positions, deformation)
            pull = (f[1] / r)[:, None] * x
            gradient = np.zeros_like(positions)
            for axis in range(x.shape[1]):
                gradient[:, axis] = np.bincount(e.first, pull[:, axis], len(positions))
                gradient[:, axis] -= np.bincount(e.second, pull[:, axis], len(positions))
            if np.abs(gradient).max() < 1e-11:
                break
            step = solve_hessian(e, gradient, tolerance=1e-6)
            positions -= step @ np.linalg.inv(deformation).T
        assert np.abs(gradient).max() < 1e-9
        return f[0].sum()

    def curvature(self, strain, size=2e-4):
        """Second derivative of the relaxed energy with respect to the strain."""
        d = len(strain)
        energies = [self.relaxed_energy(np.eye(d) + k * size * strain) for k in (-2, -1, 0, 1, 2)]
        weights = np.array([-1, 16, -30, 16, -1]) / 12.0
        return weights @ energies / size**2


@pytest.fixture(params=[("ipl12", 256), ("ipl10_2d", 144), ("ipl10_4d", 256)], ids=lambda c: c[0])
def expansion(request, make_glass):
    _, landscape, glass = make_glass(*request.param)
    return landscape.expand(glass.positions)


def test_shear_modulus_is_the_curvature_of_the_relaxed_energy(expansion):
    d = len(expansion.box)
    moduli = elastic_moduli(expansion)
    strain = np.zeros((d, d))
    strain[0, 1] = 1.0
    curvature = Strained(expansion).curvature(strain) / np.prod(expansion.box)
    assert moduli.shear_each[0] == pytest.approx(curvature, rel=1e-4)
    assert moduli.shear < moduli.shear_born


def test_bulk_modulus_is_minus_v_dp_dv(expansion):
    """K = V d2U/dV2 by finite differences of the relaxed energy U(V)."""
    d = len(expansion.box)
    moduli = elastic_moduli(expansion)
    volume = np.prod(expansion.box)
    strained = Strained(expansion)
    steps = 4e-4 * np.array([-2, -1, 0, 1, 2])
    energies = np.array([strained.relaxed_energy(np.eye(d) * (1 + s) ** (1 / d)) for s in steps])
    second = np.array([-1, 16, -30, 16, -1]) / 12.0 @ energies / (4e-4 * volume) ** 2
    slope = np.array([1, -8, 0, 8, -1]) / 12.0 @ energies / (4e-4 * volume)
    assert moduli.pressure == pytest.approx(-slope, rel=1e-6)
    assert moduli.bulk == pytest.approx(volume * second, rel=1e-4)


def test_nonaffine_velocity_is_the_motion_under_strain(make_glass):
    """Against the minimum found by `relax` in a box stretched along x."""
    model, landscape, glass = make_glass("ipl12", 256)
    expansion = landscape.expand(glass.positions)
    strain = np.diag([1.0, 0.0, 0.0])
    size = 1e-6
    moved = []
    for sign in (-1, 1):
        stretch = 1 + sign * size * np.diag(strain)
        strained = Landscape(model, glass.box * stretch, glass.species, glass.diameter)
        result = relax(strained, glass.positions * stretch, force_tolerance=1e-11)
        moved.append(result.positions / stretch)
    step = moved[1] - moved[0]
    step -= glass.box * np.rint(step / glass.box)
    velocity = step / (2 * size)
    velocity -= velocity.mean(axis=0)
    expected = nonaffine_velocity(expansion, strain)
    # x is not defined by a box: the affine motion of the reference frame is uniform.
    np.testing.assert_allclose(velocity, expected, atol=2e-3 * np.abs(expected).max())


def test_a_crystal_is_cubic_and_affine():
    expansion, _ = fcc(4)
    moduli = elastic_moduli(expansion)
    np.testing.assert_allclose(moduli.shear_each, moduli.shear_each[0], rtol=1e-10)
    assert moduli.shear == pytest.approx(moduli.shear_born, rel=1e-9)
    assert moduli.bulk == pytest.approx(moduli.bulk_born, rel=1e-9)
    strain = np.zeros((3, 3))
    strain[0, 1] = 1.0
    assert np.abs(nonaffine_velocity(expansion, strain)).max() < 1e-9


def test_long_waves_of_the_crystal_travel_with_its_moduli():
    """C_44 under pressure from the transverse phonon along [100]: rho c^2 = C_44 - ... = G_xy."""
    expansion, edge = fcc(6)
    moduli = elastic_moduli(expansion)
    touching = (expansion.first == 0) | (expansion.second == 0)
    x = expansion.separation[touching]
    b1, b2 = expansion.bond_coefficients[1:3, touching]
    wave = 1e-3 * np.array([1.0, 0.0, 0.0])
    factor = 1 - np.cos(x @ wave)
    squared = (factor * (b2 * x[:, 1] ** 2 + b1)).sum()
    # d2U/dgamma2 of y -> y + gamma x is what a transverse wave along x feels.
    speed = np.sqrt(squared) / 1e-3
    assert moduli.number_density * speed**2 == pytest.approx(moduli.shear, rel=1e-5)


def test_sound_speeds():
    c_t, c_l = sound_speeds(2.0, 8.0, 10.0)
    assert c_t == pytest.approx(2.0)
    assert c_l == pytest.approx(np.sqrt((10 + 4 * 8 / 3) / 2))
    with pytest.raises(ValueError, match="no stable solid"):
        sound_speeds(1.0, 0.0, 1.0)


def test_no_minimum_no_moduli(make_glass):
    _, landscape, glass = make_glass("ipl12", 256)
    shaken = glass.positions + 0.2 * np.random.default_rng(0).standard_normal((256, 3))
    with pytest.raises(MechanicsError, match="no minimum"):
        elastic_moduli(landscape.expand(shaken))


def sound_of_the_crystal(expansion, waves):
    """w^2 / q^2 of the three branches of a Bravais lattice at small wave vectors, shape=(n, 3)."""
    touching = (expansion.first == 0) | (expansion.second == 0)
    x = expansion.separation[touching]
    b1, b2 = expansion.bond_coefficients[1:3, touching]
    blocks = b2[:, None, None] * x[:, :, None] * x[:, None, :] + b1[:, None, None] * np.eye(3)
    matrix = np.einsum("qp,pab->qab", 1.0 - np.cos(waves @ x.T), blocks, optimize=True)
    return np.linalg.eigvalsh(matrix) / (waves**2).sum(axis=1)[:, None]


@pytest.mark.parametrize("direction", [(1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 2, -0.7)])
def test_sound_of_a_crystal_is_that_of_its_elastic_tensor(direction):
    """Waves of a crystal under pressure, from its dynamical matrix and from B_abcd."""
    expansion, _ = fcc(4)
    tensor, affine = elastic_tensor(expansion)
    np.testing.assert_allclose(tensor, affine, atol=1e-8 * np.abs(affine).max())
    n = np.array(direction) / np.linalg.norm(direction)
    density = len(expansion.positions) / np.prod(expansion.box)
    expected = sound_of_the_crystal(expansion, 1e-3 * n[None])[0]
    found = np.linalg.eigvalsh(np.einsum("b,d,abcd->ac", n, n, tensor)) / density
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_elastic_tensor_is_symmetric_in_its_two_gradients(expansion):
    tensor, affine = elastic_tensor(expansion)
    for b in (tensor, affine):
        np.testing.assert_allclose(b, b.transpose(2, 3, 0, 1), atol=1e-9 * np.abs(b).max())
    d = expansion.dimension
    assert (np.einsum("abab->ab", tensor) <= np.einsum("abab->ab", affine) + 1e-9).all()
    swapped = np.eye(d)[[1, 0, *range(2, d)]]
    curvature, _ = strain_derivatives(expansion, swapped)
    expected = np.einsum("ab,cd,abcd->", swapped, swapped, affine) * np.prod(expansion.box)
    assert curvature == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_debye_level_of_an_isotropic_tensor_is_that_of_its_moduli(d):
    shear, bulk, density = 3.0, 11.0, 0.9
    unit = np.eye(d)
    lame = bulk - 2.0 * shear / d
    tensor = lame * np.einsum("ab,cd->abcd", unit, unit) + shear * (
        np.einsum("ac,bd->abcd", unit, unit) + np.einsum("ad,bc->abcd", unit, unit)
    )
    expected = debye_level(density, shear, bulk, d)
    assert debye_level_of_tensor(density, tensor) == pytest.approx(expected, rel=1e-12)
    assert np.isnan(debye_level_of_tensor(density, -tensor))


def test_the_debye_level_of_a_crystal_counts_its_soft_directions():
    """N(w) = N A_D w^3 of the lowest phonons on a fine grid of wave vectors."""
    expansion, edge = fcc(4)
    found = elastic_moduli(expansion)
    radius = 0.4 / edge
    waves = np.random.default_rng(0).uniform(-radius, radius, (40_000, 3))
    squares = sound_of_the_crystal(expansion, waves)
    # below it no wave lies outside of the cube of wave vectors
    frequency = radius * np.sqrt(squares.min())
    below = squares * (waves**2).sum(axis=1)[:, None] < frequency**2
    counted = below.sum() / len(waves) * (radius / np.pi) ** 3 / found.number_density
    level = found.anisotropic_debye_level
    assert counted == pytest.approx(level * frequency**3, rel=0.05)
    assert level > 1.8 * found.debye_level
