"""Quasilocalized excitations: energy functions, two solvers, and what becomes of faulty fields."""

import itertools
from functools import cache

import numpy as np
import pandas as pd
import pytest
from glassmodes.landscape import Landscape
from glassmodes.mechanics import elastic_moduli, nonaffine_velocity, shear_strains
from glassmodes.modes import InverseHessian
from glassmodes.modes.factorisation import NotDefiniteError
from glassmodes.quasilocalized import (
    Settings,
    choose_samples,
    collect,
    direction,
    excitation_rows,
    field_rows,
    find_excitations,
    growth,
    iterate,
    minimise,
    population_rows,
    population_starts,
    profile_rows,
)
from glassmodes.quasilocalized.descriptors import (
    decay_profile,
    difference,
    shear_couplings,
    shear_forces,
)
from glassmodes.quasilocalized.energies import DEGREES, without_translation
from glassmodes.quasilocalized.excitations import SampleExcitations

from tests.conftest import small_glass
from tests.unit.declared import validate

GLASSES = [("ipl10_2d", 60), ("ipl10_3d", 100), ("ipl10_4d", 256), ("poly", 160)]


@cache
def expansion_of(name, particles, seed=0):
    _, landscape, glass = small_glass(name, particles, seed)
    return landscape.expand(glass.positions)


@cache
def found_in(name, particles, seed=0):
    """Everything that a sample can be asked for, by both solvers."""
    settings = Settings(
        harmonic_modes=2, nonaffine_starts=True, pseudo_harmonic=True, solver="both"
    )
    return find_excitations(expansion_of(name, particles, seed), settings, seed=seed)


@pytest.fixture(params=GLASSES, ids=lambda glass: glass[0])
def expansion(request):
    return expansion_of(*request.param)


def random_field(expansion, seed=1):
    field = np.random.default_rng(seed).standard_normal(expansion.positions.shape)
    return without_translation(field / np.linalg.norm(field))


def overlap(a, b):
    return abs(float(np.vdot(a, b)))


class Oscillators:
    """Independent oscillators along orthonormal fields: energy k a^2 / 2 + c a^4 / 24 each.

    E_4 = (sum k a^2)^2 / sum c a^4 has a minimum along every one of them, k^2 / c, however close
    in frequency they are.
    """

    rounding = 1e-12

    def __init__(self, stiffness, quartic, particles=5, dimension=2):
        self.stiffness, self.quartic = np.asarray(stiffness), np.asarray(quartic)
        shape = (particles, dimension)
        fields = np.random.default_rng(3).standard_normal((len(stiffness), *shape))
        fields -= fields.mean(axis=1, keepdims=True)
        self.axes = np.linalg.qr(fields.reshape(len(stiffness), -1).T)[0].T
        self.shape = shape

    def field(self, amplitudes):
        return (np.asarray(amplitudes) @ self.axes).reshape(self.shape)

    def contractions(self, z, *, cubic=True, quartic=True):
        a = self.axes @ z.ravel()
        return (
            self.field(self.stiffness * a),
            np.zeros(self.shape) if cubic else None,
            self.field(self.quartic * a**3) if quartic else None,
        )

    def solve(self, field):
        """M^-1: this object is its own inverse Hessian, too."""
        return self.field((self.axes @ field.ravel()) / self.stiffness)


# --- M^-1 ------------------------------------------------------------------------------------


def test_inverse_hessian_solves_on_the_space_without_translations(expansion):
    dense = np.linalg.pinv(expansion.hessian().toarray(), rcond=1e-9, hermitian=True)
    fields = np.stack([random_field(expansion, seed) + 0.3 for seed in (1, 2)])
    with InverseHessian.of_expansion(expansion) as inverse:
        found = inverse.solve(fields)
        one = inverse.solve(fields[0])
    expected = (dense @ fields.reshape(2, -1).T).T.reshape(fields.shape)
    np.testing.assert_allclose(found, expected, atol=1e-9 * np.abs(expected).max())
    np.testing.assert_allclose(one, found[0], atol=1e-12 * np.abs(expected).max())
    np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=1e-14)


def test_lowest_modes_are_those_of_the_full_spectrum(expansion):
    values, vectors = np.linalg.eigh(expansion.hessian().toarray())
    d = expansion.dimension
    with InverseHessian.of_expansion(expansion) as inverse:
        found, fields, residuals = inverse.lowest(3)
    np.testing.assert_allclose(found, values[d : d + 3], rtol=1e-10)
    overlaps = np.abs(fields.reshape(3, -1) @ vectors[:, d : d + 3])
    np.testing.assert_allclose(overlaps, np.eye(3), atol=1e-7)
    assert residuals.max() < 1e-10


def test_one_factorisation_gives_the_moduli_of_conjugate_gradients(expansion):
    with InverseHessian.of_expansion(expansion) as inverse:
        direct = elastic_moduli(expansion, solve=inverse.solve)
        strain = shear_strains(expansion.dimension)["pure_xy"]
        velocity = nonaffine_velocity(expansion, strain, solve=inverse.solve)
    iterated = elastic_moduli(expansion)
    np.testing.assert_allclose(direct.shear_each, iterated.shear_each, rtol=1e-8)
    np.testing.assert_allclose(direct.bulk, iterated.bulk, rtol=1e-8)
    expected = nonaffine_velocity(expansion, strain)
    np.testing.assert_allclose(velocity, expected, atol=1e-8 * np.abs(expected).max())


def test_no_minimum_has_no_inverse_hessian():
    saddle = displaced_to_a_saddle()
    with pytest.raises(NotDefiniteError):
        InverseHessian.of_expansion(saddle)


def displaced_to_a_saddle():
    _, landscape, glass = small_glass("ipl10_3d", 100)
    shift = 0.15 * np.random.default_rng(0).standard_normal(glass.positions.shape)
    return landscape.expand(glass.positions + shift)


# --- the energy functions --------------------------------------------------------------------


@pytest.mark.parametrize("kind", DEGREES)
def test_gradient_of_the_energy_function_by_finite_differences(expansion, kind):
    z, along = random_field(expansion), random_field(expansion, 2)
    here = direction(expansion, kind, z)
    h = 1e-5
    ends = [direction(expansion, kind, here.field + s * h * along).log_energy for s in (1, -1)]
    slope = (ends[0] - ends[1]) / (2.0 * h)
    np.testing.assert_allclose(np.vdot(here.gradient, along), slope, rtol=1e-6)


@pytest.mark.parametrize("kind", DEGREES)
def test_energy_function_is_that_of_a_direction(expansion, kind):
    z = random_field(expansion)
    here, longer = direction(expansion, kind, z), direction(expansion, kind, 7.0 * z)
    assert here.log_energy == pytest.approx(longer.log_energy, abs=1e-12)
    assert abs(np.vdot(here.gradient, here.field)) < 1e-12 * np.linalg.norm(here.gradient)
    # a uniform translation changes nothing
    assert np.abs(here.gradient.sum(axis=0)).max() < 1e-10 * np.abs(here.gradient).max()


def test_forms_of_the_kinds_are_tau_and_chi(expansion):
    z = random_field(expansion)
    z /= np.linalg.norm(z)
    kappa, tau, chi = expansion.forms(z)
    cubic, quartic = (direction(expansion, kind, z) for kind in ("cubic", "quartic"))
    assert (cubic.stiffness, cubic.form) == pytest.approx((kappa, tau))
    assert (quartic.stiffness, quartic.form) == pytest.approx((kappa, chi))
    assert cubic.log_energy == pytest.approx(np.log(kappa**3 / tau**2))
    assert quartic.log_energy == pytest.approx(2.0 * np.log(kappa**2 / chi))


# --- solvers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("accelerate", [True, False])
def test_hybridised_oscillators_are_told_apart(accelerate):
    """Two modes of nearly one frequency, mixed: each is a quartic mode of its own (Fig. 1)."""
    system = Oscillators([1.0, 1.0001, 3.0], [10.0, 12.0, 50.0])
    for mixture, expected in (((1.0, 0.8, 0.1), 0), ((0.7, 1.0, -0.1), 1)):
        start = system.field(mixture)
        descended = minimise(system, "quartic", start)
        mapped = iterate(system, system, "quartic", start, accelerate=accelerate)
        for found in (descended, mapped):
            assert found.outcome == "converged"
            assert overlap(found.field.ravel(), system.axes[expected]) > 1.0 - 1e-12
            assert found.stiffness == pytest.approx(system.stiffness[expected])
            assert found.form == pytest.approx(system.quartic[expected])


@pytest.mark.parametrize("name, particles", GLASSES)
def test_solvers_agree_on_harmonic_quartic_cubic(name, particles):
    """L-BFGS, the fixed-point map and its acceleration find one mode, to overlap 1 - 1e-8."""
    for seed in range(3 if particles < 256 else 1):
        expansion = expansion_of(name, particles, seed)
        with InverseHessian.of_expansion(expansion) as inverse:
            start = inverse.lowest(1, seed=seed)[1][0]
            for kind in ("quartic", "cubic"):
                fast = iterate(expansion, inverse, kind, start)
                plain = iterate(expansion, inverse, kind, start, accelerate=False)
                descended = minimise(expansion, kind, start)
                for found in (fast, plain, descended):
                    assert found.converged and found.residual <= 1e-10
                assert overlap(fast.field, plain.field) > 1.0 - 1e-8
                assert overlap(fast.field, descended.field) > 1.0 - 1e-8
                assert fast.iterations < plain.iterations
                start = fast.field


def test_solutions_solve_the_defining_equations_and_are_minima(expansion, request):
    name, particles = request.node.callspec.params["expansion"]
    found = found_in(name, particles)
    for kind, contraction in (
        ("quartic", expansion.quartic_contraction),
        ("cubic", expansion.cubic_contraction),
        ("pseudo_harmonic", expansion.pair_quartic_contraction),
    ):
        one = found.get(kind)
        z, image = one.vector, expansion.hessian_product(one.vector)
        image_of_form = contraction(z)
        factor = np.vdot(z, image) / np.vdot(z, image_of_form)
        rest = np.linalg.norm(image - factor * image_of_form) / np.linalg.norm(image)
        assert rest == pytest.approx(one.residual, abs=1e-12) and rest <= 1e-10
        lowest = direction(expansion, kind, z).log_energy
        for seed, size in itertools.product(range(5), (1e-3, 1e-2)):
            moved = z + size * random_field(expansion, seed)
            assert direction(expansion, kind, moved).log_energy > lowest


def test_quartic_energy_falls_from_the_harmonic_mode_and_stiffness_rises(expansion, request):
    """The harmonic mode is the direction of least stiffness; the paper's Fig. 4 and 7(a)."""
    found = found_in(*request.node.callspec.params["expansion"])
    rows = pd.DataFrame(excitation_rows(expansion, found)).query("mode == 0").set_index("kind")
    assert rows.loc["quartic", "stiffness"] >= rows.loc["harmonic", "stiffness"]
    assert rows.loc["quartic", "quartic_energy"] <= rows.loc["harmonic", "quartic_energy"]
    assert rows.loc["cubic", "cubic_energy"] <= rows.loc["quartic", "cubic_energy"]


def with_nan(field):
    field = field.copy()
    field[0, 0] = np.nan
    return field


@pytest.mark.parametrize("solver", ["map", "descent"])
def test_faulty_fields_have_an_outcome_and_no_numbers(solver):
    expansion = expansion_of("ipl10_3d", 100)
    inverse = InverseHessian.of_expansion(expansion)

    def solve(expansion, start, **settings):
        if solver == "map":
            return iterate(expansion, inverse, "quartic", start, **settings)
        return minimise(expansion, "quartic", start, **settings)

    field = random_field(expansion)
    for start, outcome in (
        (np.ones_like(field), "translation"),
        (np.zeros_like(field), "translation"),
        (with_nan(field), "not_finite"),
    ):
        found = solve(expansion, start)
        assert found.outcome == outcome and not found.converged
        assert np.isnan(found.field).all() and np.isnan(found.residual)
    values, vectors = np.linalg.eigh(displaced_to_a_saddle().hessian().toarray())
    assert values[0] < 0.0
    unstable = vectors[:, 0].reshape(field.shape)
    assert solve(displaced_to_a_saddle(), unstable).outcome == "unstable"
    limited = solve(expansion, field, max_iterations=2)
    assert limited.outcome == "limit" and limited.iterations == 2
    assert limited.residual > 1e-10 and np.isfinite(limited.field).all()
    stalled = solve(expansion, field, tolerance=1e-20)
    assert stalled.outcome == "stalled" and stalled.residual < 1e-10
    inverse.close()


def test_descent_that_slides_to_zero_stiffness_is_told():
    """Beside an unstable direction the energy function has no minimum but kappa = 0."""
    saddle = Oscillators([-1.0, 2.0, 5.0], [1.0, 1.0, 1.0])
    start = saddle.field([0.5, 1.0, 0.1])
    assert direction(saddle, "quartic", start).stiffness > 0.0
    found = minimise(saddle, "quartic", start)
    assert found.outcome == "unstable" and np.isnan(found.field).all()


def test_a_form_of_the_wrong_sign_is_no_mode():
    system = Oscillators([1.0, 2.0], [-1.0, -2.0])
    start = system.field([1.0, 0.5])
    assert minimise(system, "quartic", start).outcome == "wrong_sign"
    assert iterate(system, system, "quartic", start).outcome == "wrong_sign"
    # tau vanishes everywhere
    assert minimise(system, "cubic", start).outcome == "wrong_sign"


# --- one sample ------------------------------------------------------------------------------


def test_rows_of_a_sample_are_those_of_the_table(expansion, request):
    name, particles = request.node.callspec.params["expansion"]
    found = found_in(name, particles)
    frame = pd.DataFrame(excitation_rows(expansion, found))
    frame.insert(0, "ensemble", "glass")
    frame.insert(1, "sample", 0)
    table = validate(frame, "quasilocalized")
    kinds = ["harmonic", "quartic", "cubic", "second_quartic", "pseudo_harmonic"]
    assert table["kind"].tolist() == 2 * kinds
    assert table["converged"].all() and (table["residual"] <= 1e-10).all()
    assert (table["cubic"] >= 0.0).all() and (table["stiffness"] > 0.0).all()
    assert table["frequency"].to_numpy() ** 2 == pytest.approx(table["stiffness"].to_numpy())
    expected = table["stiffness"] ** 2 / table["quartic"]
    assert table["quartic_energy"].to_numpy() == pytest.approx(expected.to_numpy())
    # 1 - |z . psi| = |Delta|^2 / 2 (Eq. 19)
    rest = 1.0 - table["overlap_harmonic"]
    assert (table["difference"] ** 2 / 2).to_numpy() == pytest.approx(rest.to_numpy(), abs=1e-12)
    d = expansion.dimension
    couplings = [c for c in table.columns if c.startswith(("shear_coupling_s", "shear_coupling_p"))]
    assert len(couplings) == d * (d - 1)
    profile = pd.DataFrame(profile_rows(found, expansion.positions, expansion.box))
    assert set(profile["kind"]) == set(kinds)
    assert found.moduli.shear > 0.0


def test_a_failed_mode_is_a_row_without_numbers():
    expansion = expansion_of("ipl10_3d", 100)
    found = found_in("ipl10_3d", 100)
    failed = minimise(expansion, "cubic", np.ones_like(expansion.positions))
    cubic = found.get("cubic")
    other = type(cubic)(
        *("cubic", 0, "quartic", failed.field, failed.outcome, failed.residual, 0, 0.0)
    )
    kept = [one for one in found.excitations if one is not cubic]
    frame = pd.DataFrame(
        excitation_rows(expansion, SampleExcitations([*kept, other], found.moduli))
    )
    frame.insert(0, "ensemble", "glass")
    frame.insert(1, "sample", 0)
    row = validate(frame, "quasilocalized").query("mode == 0").set_index("kind").loc["cubic"]
    assert row["outcome"] == "translation" and not row["converged"]
    assert row[["stiffness", "cubic", "overlap_harmonic", "shear_coupling"]].isna().all()


def test_softest_of_the_starts_is_the_cubic_mode_that_is_kept():
    expansion = expansion_of("poly", 160)
    alone = find_excitations(expansion, Settings()).get("cubic")
    many = find_excitations(expansion, Settings(nonaffine_starts=True)).get("cubic")
    kappa = [direction(expansion, "cubic", one.vector).stiffness for one in (many, alone)]
    assert kappa[0] <= kappa[1] * (1.0 + 1e-9)
    assert many.start == "quartic" or many.start.startswith("nonaffine_")


def test_settings_refuse_an_unknown_solver():
    with pytest.raises(ValueError, match="solver: 'newton' is not one of fixed_point"):
        Settings(solver="newton")


# --- observables -----------------------------------------------------------------------------


def test_shear_coupling_is_the_force_along_the_mode_that_a_strain_exerts(expansion, request):
    """nu = d(dU/dz)/dgamma, from forces in a box that is strained by pure shear."""
    name, particles = request.node.callspec.params["expansion"]
    model, _, glass = small_glass(name, particles)
    z = random_field(expansion)
    strain = shear_strains(expansion.dimension)["pure_xy"]
    h = 1e-5

    def pull(gamma):
        stretch = 1.0 + gamma * np.diag(strain)
        landscape = Landscape(model, glass.box * stretch, glass.species, glass.diameter)
        return -np.vdot(landscape.energy_and_forces(glass.positions * stretch)[1], z)

    slope = (pull(h) - pull(-h)) / (2.0 * h)
    found = shear_couplings(z, shear_forces(expansion))
    assert found["pure_xy"] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_profile_of_a_power_law():
    rng = np.random.default_rng(0)
    box = np.full(3, 20.0)
    positions = rng.random((4000, 3)) * box
    step = positions - positions[17]
    step -= box * np.rint(step / box)
    distance = np.sqrt((step**2).sum(axis=1))
    field = np.zeros_like(positions)
    field[:, 1] = 1.0 / np.maximum(distance, 0.5) ** 2
    found = decay_profile(field, positions, box, width=1.0)
    assert found["distance"].tolist() == [0.5 + k for k in range(10)]
    far = found["distance"] > 2.0
    assert found["median_square"][far] == pytest.approx(found["distance"][far] ** -4.0, rel=0.25)
    assert found["particles"].sum() < 4000


def test_difference_does_not_depend_on_signs(expansion):
    a, b = random_field(expansion, 1), random_field(expansion, 2)
    mixed = (a + 0.1 * b) / np.linalg.norm(a + 0.1 * b)
    a /= np.linalg.norm(a)
    delta, norm, stiffness = difference(expansion, mixed, a)
    other = difference(expansion, -mixed, a)
    np.testing.assert_array_equal(delta, other[0])
    assert (norm, stiffness) == other[1:]
    kappa = expansion.forms(delta / norm)[0]
    assert stiffness == pytest.approx(kappa)


# --- populations -----------------------------------------------------------------------------


def test_growth_is_the_mean_over_all_orders_of_the_starts():
    labels = [0, 0, 0, 1, 2, 2]
    times = np.bincount(labels)
    orders = set(itertools.permutations(labels))
    distinct = np.mean([[len(set(o[: n + 1])) for n in range(6)] for o in orders], axis=0)
    found = growth(times)
    assert found["distinct"] == pytest.approx(distinct)
    # Good and Turing: starts so far that were the only ones to find their mode
    alone = [
        np.mean([sum(o[:n].count(x) == 1 for x in o[:n]) for o in orders]) for n in range(1, 7)
    ]
    assert found["coverage"] == pytest.approx(1.0 - np.array(alone) / np.arange(1, 7))
    # 3 modes, 1 of them once, 1 twice: 3 + 1 * 0 / (2 * 2)
    assert found["total"][-1] == pytest.approx(3.0) and np.isnan(found["total"][:-1]).all()


def test_population_holds_distinct_modes_and_counts_every_start():
    expansion = expansion_of("ipl10_3d", 100)
    with InverseHessian.of_expansion(expansion) as inverse:
        starts = population_starts(expansion, inverse, 4, 4)
        found = collect(expansion, inverse, starts)
    assert len(starts) == 6 + 4 + 4
    lowest = found_in("ipl10_3d", 100).get("quartic")
    for kind, modes in found.items():
        assert sum(mode.times for mode in modes) == len(starts), kind
        fields = [mode.solution.field for mode in modes]
        for a, b in itertools.combinations(fields, 2):
            assert overlap(a, b) <= 0.999
        stiffness = [mode.solution.stiffness for mode in modes]
        assert stiffness == sorted(stiffness)
    # the lowest harmonic mode is among the starts
    assert max(overlap(lowest.vector, m.solution.field) for m in found["quartic"]) > 1 - 1e-8
    frame = pd.DataFrame(population_rows(expansion, found))
    frame.insert(0, "ensemble", "glass")
    frame.insert(1, "sample", 0)
    assert (validate(frame, "quasilocalized_population")["cubic"] > 0.0).all()


# --- pictures --------------------------------------------------------------------------------


def synthetic_table():
    rows = []
    for sample, (omega, first, second, size) in enumerate(
        [(0.5, 0.99, 0.1, 0.02), (0.7, 0.72, 0.68, 0.05), (0.9, 0.8, 0.0, 0.5), (0.6, 0.95, 0, 0.1)]
    ):
        shared = {"sample": sample, "mode": 0, "converged": True, "frequency": omega}
        rows.append({**shared, "kind": "harmonic", "participation_ratio": size})
        rows.append({**shared, "kind": "quartic", "overlap_harmonic": first})
        rows.append(
            {
                **shared,
                "kind": "second_quartic",
                "overlap_harmonic": second or first,
                "overlap_quartic": 0.05 if second else 1.0,
            }
        )
    return pd.DataFrame(rows)


def test_samples_of_the_pictures():
    table = synthetic_table()
    assert choose_samples(table) == {"softest": 0, "hybridised": 1, "phonon": 2}
    table.loc[(table["sample"] == 0) & (table["kind"] == "quartic"), "converged"] = False
    assert choose_samples(table)["softest"] == 3
    assert choose_samples(table[table["kind"] == "harmonic"]) == {}


def test_fields_of_a_picture(expansion, request):
    found = found_in(*request.node.callspec.params["expansion"])
    frame = field_rows(expansion, found)
    n, d = expansion.positions.shape
    assert {"harmonic", "quartic", "cubic", "difference"} <= set(frame["kind"])
    axes = [f"d{axis}" for axis in "xyzw"]
    fields = {kind: rows[axes].to_numpy() for kind, rows in frame.groupby("kind", sort=False)}
    assert all(field.shape == (n, 4) for field in fields.values())
    assert frame[axes[d:]].isna().all().all()
    expected = fields["quartic"][:, :d] - fields["harmonic"][:, :d]
    # pictures keep single precision: three roundings, each of half a unit in the last place
    rounding = (
        1.5 * np.finfo(np.float32).eps * max(abs(field[:, :d]).max() for field in fields.values())
    )
    np.testing.assert_allclose(fields["difference"][:, :d], expected, rtol=0.0, atol=rounding)
    frame.insert(0, "ensemble", "glass")
    frame.insert(1, "sample", 0)
    frame.insert(2, "role", "softest")
    validate(frame, "quasilocalized_fields")
