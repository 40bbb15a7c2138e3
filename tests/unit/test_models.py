"""Pair potentials: the published coefficients, smoothness at the cutoff, and the mixtures."""

import numpy as np
import pytest
import yaml
from glassmodes.models import (
    DEFAULT_MODELS,
    HarmonicRepulsion,
    InversePowerForceShifted,
    InversePowerSmooth,
    LennardJonesForceShifted,
    ModelError,
    get_model,
    load_models,
)
from glassmodes.models.potentials import POWERS

POTENTIALS = [
    InversePowerForceShifted(cutoff=2.5, exponent=12),
    InversePowerSmooth(cutoff=1.48, exponent=10, continuous_derivatives=3),
    InversePowerSmooth(cutoff=1.4, exponent=10, continuous_derivatives=3),
    InversePowerSmooth(cutoff=1.25, exponent=12, continuous_derivatives=2),
    LennardJonesForceShifted(cutoff=2.5),
    HarmonicRepulsion(cutoff=1.0),
]


def coefficient(potential, power):
    return potential.laurent[POWERS.index(power)]


def test_inverse_power_is_equation_1_of_the_paper():
    x = np.linspace(0.8, 2.49, 50)
    expected = x**-12.0 + 2.5**-12.0 * (12.0 * x / 2.5 - 13.0)
    found = InversePowerForceShifted(cutoff=2.5, exponent=12).derivatives(x)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-18)


def test_smoothing_coefficients_are_the_published_ones():
    ipl = InversePowerSmooth(cutoff=1.48, exponent=10, continuous_derivatives=3)
    published = [-1.1106337662511795, 1.2676152372297063, -0.4960406072849211, 0.0660511826415732]
    np.testing.assert_allclose([coefficient(ipl, p) for p in (0, 2, 4, 6)], published, rtol=1e-14)
    tls = InversePowerSmooth(cutoff=1.25, exponent=12, continuous_derivatives=2)
    published = [-28 / 1.25**12, 48 / 1.25**14, -21 / 1.25**16]
    np.testing.assert_allclose([coefficient(tls, p) for p in (0, 2, 4)], published, rtol=1e-14)


@pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: f"{p.family}-{p.cutoff}")
def test_energy_and_its_continuous_derivatives_vanish_at_the_cutoff(potential):
    just_inside = potential.derivatives(potential.cutoff * (1 - 1e-14))
    orders = potential.parameters["continuous_derivatives"] + 1
    np.testing.assert_allclose(just_inside[:orders], 0.0, atol=1e-11)
    assert np.all(potential.derivatives(potential.cutoff) == 0.0)


@pytest.mark.parametrize("potential", POTENTIALS, ids=lambda p: f"{p.family}-{p.cutoff}")
def test_each_derivative_is_the_slope_of_the_one_before(potential):
    x = np.linspace(0.75, 0.95, 7) * potential.cutoff
    h = 1e-5
    slope = (potential.derivatives(x + h) - potential.derivatives(x - h)) / (2 * h)
    values = potential.derivatives(x)
    for order in range(4):
        scale = np.abs(values[order + 1]).max() + 1.0
        np.testing.assert_allclose(slope[order] / scale, values[order + 1] / scale, atol=1e-7)


def test_ipl12_mixture_has_the_size_ratio_and_effective_diameter_of_the_paper():
    pairs = get_model("ipl12").pair_diameters
    np.testing.assert_allclose(pairs[0, 0] / pairs[1, 1], 0.7, rtol=1e-12)
    np.testing.assert_allclose(pairs[0, 1], 0.5 * (pairs[0, 0] + pairs[1, 1]), rtol=1e-12)
    np.testing.assert_allclose(0.25 * (pairs**3).sum(), 1.0, rtol=1e-12)
    np.testing.assert_allclose(pairs[1, 1], 1.158702, atol=1e-6)


def test_composition_is_exact_and_order_random():
    model = get_model("ipl12")
    species, diameter = model.mixture(501, np.random.default_rng(1))
    assert sorted(np.bincount(species).tolist()) == [250, 251]
    np.testing.assert_array_equal(diameter, np.diag(model.pair_diameters)[species])
    other, _ = model.mixture(501, np.random.default_rng(2))
    assert not np.array_equal(species, other)


def test_polydisperse_diameters_follow_the_power_law():
    """P(s) ~ s^-3: its mean, and its cumulative distribution to half a particle."""
    model = get_model("poly")
    _, diameter = model.mixture(2000, np.random.default_rng(3))
    low, high = model.size_range
    mean = 2.0 * (1 / low - 1 / high) / (low**-2 - high**-2)
    np.testing.assert_allclose(diameter.mean(), mean, rtol=1e-5)
    cumulative = (low**-2 - np.sort(diameter) ** -2) / (low**-2 - high**-2)
    np.testing.assert_allclose(cumulative, (np.arange(2000) + 0.5) / 2000, atol=1e-12)


def test_polydisperse_samples_differ_by_the_order_of_their_diameters_alone():
    """Random diameters would give each sample a packing fraction, and a dynamics, of its own."""
    model = get_model("poly")
    _, first = model.mixture(501, np.random.default_rng(1))
    _, second = model.mixture(501, np.random.default_rng(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.sort(second))


def test_density_fixes_the_box():
    for model in load_models().values():
        np.testing.assert_allclose(1000 / np.prod(model.box(1000)), model.density, rtol=1e-12)


def test_lammps_has_no_fourth_dimension():
    with pytest.raises(ModelError, match="4-dimensional"):
        get_model("ipl10_4d").lammps_commands()


def test_unknown_model_is_named_with_a_hint():
    with pytest.raises(ModelError, match=r"'ipl13'.*ipl12.*harmonic"):
        get_model("ipl13")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"densty": 1.0}, r"ipl12\.densty: unknown key"),
        (
            {"potential": {"family": "morse", "cutoff": 2.5}},
            r"potential\.family: 'morse'.*harmonic",
        ),
        ({"potential": {"family": "ipl_force_shifted", "cutoff": -1.0}}, r"cutoff: -1.0"),
        (
            {"potential": {"family": "ipl_force_shifted", "cutoff": 2.5, "exponent": 11}},
            r"exponent: 11 is not among",
        ),
        ({"mixture": {"fractions": [0.5, 0.4]}}, r"mixture\.fractions"),
    ],
)
def test_a_bad_model_entry_is_refused_with_file_and_key(tmp_path, change, message):
    entry = yaml.safe_load(DEFAULT_MODELS.read_text())["ipl12"]
    path = tmp_path / "models.yaml"
    path.write_text(yaml.safe_dump({"ipl12": {**entry, **change}}))
    with pytest.raises(ModelError, match=message) as error:
        load_models(path)
    assert "models.yaml" in str(error.value)
