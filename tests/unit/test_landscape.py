"""The landscape's derivatives against finite differences, in every dimension and family."""

import itertools
import tracemalloc

import numpy as np
import pytest
from glassmodes.landscape import Landscape, NeighbourError, find_pairs, relax
from glassmodes.models import get_model

CASES = [
    ("ipl12", 218),
    ("ipl12_one_component", 140),
    ("lj", 140),
    ("harmonic", 100),
    ("ipl10_2d", 60),
    ("ipl10_3d", 100),
    ("ipl10_4d", 256),
    ("poly", 160),
    ("polydisperse_ipl12", 120),
]


@pytest.fixture(params=CASES, ids=lambda case: case[0])
def displaced(request, make_glass):
    """A landscape, a configuration away from its minimum, and a random field."""
    _, landscape, glass = make_glass(*request.param)
    rng = np.random.default_rng(7)
    shape = glass.positions.shape
    return (
        landscape,
        glass.positions + 0.03 * rng.standard_normal(shape),
        0.1 * rng.standard_normal(shape),
    )


def difference(function, x, z, h=2e-5):
    """Directional derivative by central differences of fourth order."""
    near = function(x + h * z) - function(x - h * z)
    far = function(x + 2 * h * z) - function(x - 2 * h * z)
    return (8.0 * near - far) / (12.0 * h)


def test_pairs_are_those_of_a_direct_search():
    rng = np.random.default_rng(0)
    for d, edges in itertools.product((2, 3, 4), (1.0, 2.7, 5.1)):
        box = edges * np.array([1.0, 1.1, 1.3, 0.9])[:d]
        x = rng.uniform(-1.0, 2.0, (90, d)) * box
        reach = 0.45 * box.min() if edges == 1.0 else 0.9
        step = x[:, None] - x[None]
        step -= box * np.rint(step / box)
        expected = np.argwhere(np.triu((step**2).sum(-1) < reach**2, 1))
        first, second = find_pairs(x, box, reach)
        np.testing.assert_array_equal(np.stack([first, second], 1), expected)


def test_the_search_for_neighbours_takes_kilobytes_a_particle():
    """A table of the cells around each cell takes 54 of them here."""
    particles, edge = 20_000, 30.0
    positions = edge * np.random.default_rng(3).random((particles, 3))
    find_pairs(positions[:10], np.full(3, edge), 1.0)
    tracemalloc.start()
    find_pairs(positions, np.full(3, edge), 1.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2000 * particles


def test_energy_is_the_sum_over_minimum_images(make_glass):
    model, landscape, glass = make_glass("ipl12", 218)
    step = glass.positions[:, None] - glass.positions[None]
    step -= glass.box * np.rint(step / glass.box)
    distance = np.sqrt((step**2).sum(-1))[np.triu_indices(218, 1)]
    pairs = model.pair_diameters[glass.species[:, None], glass.species[None]]
    expected = model.potential.derivatives(distance / pairs[np.triu_indices(218, 1)])[0].sum()
    np.testing.assert_allclose(
        landscape.energy_and_forces(glass.positions)[0], expected, rtol=1e-13
    )


def test_forces_are_minus_the_gradient_of_the_energy(displaced):
    landscape, x, z = displaced
    _, forces = landscape.energy_and_forces(x)
    # contacts of harmonic spheres that open within the step cost an error of its order
    slope = difference(lambda y: landscape.energy_and_forces(y)[0], x, z, h=2e-5)
    np.testing.assert_allclose(-np.vdot(forces, z), slope, rtol=1e-7, atol=1e-8)


def test_fast_and_expanded_energy_and_forces_agree(displaced):
    landscape, x, _ = displaced
    energy, forces = landscape.energy_and_forces(x)
    expansion = landscape.expand(x)
    np.testing.assert_allclose(energy, expansion.energy, rtol=1e-13)
    np.testing.assert_allclose(forces, expansion.forces, atol=1e-12 * np.abs(forces).max())


def test_hessian_is_the_derivative_of_the_forces(displaced):
    landscape, x, z = displaced
    slope = -difference(lambda y: landscape.expand(y).forces, x, z)
    expansion = landscape.expand(x)
    product = expansion.hessian_product(z)
    np.testing.assert_allclose(product, slope, atol=2e-8 * np.abs(slope).max())
    matrix = expansion.hessian()
    np.testing.assert_allclose(
        matrix @ z.ravel(), product.ravel(), atol=1e-11 * np.abs(slope).max()
    )
    assert abs(matrix - matrix.T).max() < 1e-12 * abs(matrix).max()


def test_rows_of_the_hessian_are_the_whole_in_parts(displaced):
    landscape, x, _ = displaced
    expansion = landscape.expand(x)
    n, d = x.shape
    top, bottom = expansion.hessian_rows(0, n // 3), expansion.hessian_rows(n // 3, n)
    whole = expansion.hessian()
    assert abs(whole[: d * (n // 3)] - top).max() == 0.0
    assert abs(whole[d * (n // 3) :] - bottom).max() == 0.0


def test_cubic_contraction_is_the_derivative_of_the_hessian(displaced):
    landscape, x, z = displaced
    other = np.roll(z, 1, axis=0)
    slope = difference(lambda y: landscape.expand(y).hessian_product(other), x, z)
    found = landscape.expand(x).cubic_contraction(z, other)
    np.testing.assert_allclose(found, slope, atol=2e-7 * np.abs(slope).max())


def test_quartic_contraction_is_the_derivative_of_the_cubic_one(displaced):
    landscape, x, z = displaced
    slope = difference(lambda y: landscape.expand(y).cubic_contraction(z), x, z)
    found = landscape.expand(x).quartic_contraction(z)
    np.testing.assert_allclose(found, slope, atol=1e-6 * np.abs(slope).max() + 1e-10)


def test_contractions_of_one_pass_are_those_of_their_own(displaced):
    landscape, x, z = displaced
    expansion = landscape.expand(x)
    expected = (
        expansion.hessian_product(z),
        expansion.cubic_contraction(z),
        expansion.quartic_contraction(z),
    )
    for cubic, quartic in itertools.product((True, False), repeat=2):
        found = expansion.contractions(z, cubic=cubic, quartic=quartic)
        assert [part is not None for part in found] == [True, cubic, quartic]
        for part, whole in zip(found, expected, strict=True):
            if part is not None:
                np.testing.assert_allclose(part, whole, atol=1e-12 * np.abs(whole).max())
    forms = [np.vdot(z, part) for part in expected]
    np.testing.assert_allclose(expansion.forms(z), forms, rtol=1e-10)


def test_pair_quartic_contraction_is_a_quarter_of_a_gradient(displaced):
    landscape, x, z = displaced
    expansion = landscape.expand(x)

    def form(field):
        step = field[expansion.first] - field[expansion.second]
        return np.sum(np.einsum("pa,pa->p", step, step) ** 2)

    other = np.roll(z, 1, axis=0)
    slope = difference(form, z, other, h=1e-3)
    contraction = expansion.pair_quartic_contraction(z)
    np.testing.assert_allclose(4.0 * np.vdot(contraction, other), slope, rtol=1e-8)
    np.testing.assert_allclose(np.vdot(contraction, z), form(z), rtol=1e-12)


def test_forms_are_the_contractions_closed_with_the_field(displaced):
    landscape, x, z = displaced
    expansion = landscape.expand(x)
    kappa, tau, chi = expansion.forms(z)
    np.testing.assert_allclose(np.vdot(expansion.hessian_product(z), z), kappa, rtol=1e-11)
    np.testing.assert_allclose(np.vdot(expansion.cubic_contraction(z), z), tau, rtol=1e-10)
    np.testing.assert_allclose(np.vdot(expansion.quartic_contraction(z), z), chi, rtol=1e-10)


def test_cubic_contraction_is_symmetric_in_its_two_fields(displaced):
    landscape, x, z = displaced
    other = np.roll(z, 1, axis=0)
    expansion = landscape.expand(x)
    one, two = expansion.cubic_contraction(z, other), expansion.cubic_contraction(other, z)
    np.testing.assert_allclose(one, two, atol=1e-13 * np.abs(one).max())


def test_uniform_translations_cost_nothing_at_any_order(displaced):
    landscape, x, z = displaced
    expansion = landscape.expand(x)
    shift = np.ones_like(z)
    scale = np.abs(expansion.hessian()).max()
    assert np.abs(expansion.hessian_product(shift)).max() < 1e-11 * scale
    assert np.abs(expansion.cubic_contraction(shift, z)).max() < 1e-9 * scale
    moved = landscape.expand(x + 0.37)
    np.testing.assert_allclose(moved.energy, expansion.energy, rtol=1e-11)


def test_neighbour_list_follows_particles_through_the_skin(make_glass):
    model, _, glass = make_glass("ipl10_3d", 100)
    landscape = Landscape(model, glass.box, glass.species, glass.diameter)
    rng = np.random.default_rng(5)
    x = glass.positions.copy()
    for _ in range(30):
        x = x + 0.03 * rng.standard_normal(x.shape)
        np.testing.assert_allclose(
            landscape.energy_and_forces(x)[0], landscape.expand(x).energy, rtol=1e-12
        )


def test_relaxation_reaches_round_off_forces_and_a_stable_minimum(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    assert landscape.expand(glass.positions).max_force < 1e-10
    values = np.linalg.eigvalsh(landscape.expand(glass.positions).hessian().toarray())
    np.testing.assert_allclose(values[:3], 0.0, atol=1e-9)
    assert values[3] > 0.01


def test_relaxation_returns_to_the_minimum_it_was_displaced_from(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    rng = np.random.default_rng(1)
    kick = 1e-3 * rng.standard_normal(glass.positions.shape)
    back = relax(landscape, glass.positions + kick)
    moved = back.positions - glass.positions
    assert back.converged
    assert np.abs(moved - moved.mean(axis=0)).max() < 1e-8


def test_relaxation_says_when_its_limit_stopped_it(make_glass):
    _, landscape, glass = make_glass("ipl12", 218)
    start = np.random.default_rng(2).random(glass.positions.shape) * glass.box
    result = relax(landscape, start, max_iterations=5)
    assert not result.converged and result.iterations == 5


def test_a_box_smaller_than_twice_the_cutoff_is_refused():
    model = get_model("ipl12")
    species, diameter = model.mixture(100, np.random.default_rng(0))
    with pytest.raises(NeighbourError, match=r"ipl12.*twice.*at least \d+ particles"):
        Landscape(model, model.box(100), species, diameter)


def test_positions_that_are_not_numbers_are_refused(make_glass):
    _, landscape, glass = make_glass("ipl10_3d", 100)
    bad = glass.positions.copy()
    bad[3, 1] = np.nan
    with pytest.raises(NeighbourError, match="NaN"):
        landscape.energy_and_forces(bad)
    with pytest.raises(NeighbourError, match="NaN"):
        landscape.expand(bad)
