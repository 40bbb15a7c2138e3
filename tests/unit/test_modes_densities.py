"""Densities of states: normalisation, the Debye law, the boson peak, the Chebyshev expansion."""

import numpy as np
import pytest
from glassmodes.mechanics import debye_frequency
from glassmodes.modes import (
    boson_peak,
    debye_level,
    kernel_polynomial_density,
    reduced_density,
    vibrational_density_of_states,
)
from glassmodes.modes.densities import jackson_kernel, kernel_polynomial_bytes, largest_eigenvalue


def debye_spectrum(modes, frequency, d=3):
    """Frequencies of g(w) = d w^(d-1) / w_D^d, without noise."""
    return frequency * ((np.arange(modes) + 0.5) / modes) ** (1 / d)


def test_a_density_integrates_to_one():
    rng = np.random.default_rng(0)
    spectra = [rng.random(n) * 20 for n in (300, 500)]
    density = vibrational_density_of_states(spectra, np.linspace(0, 20, 41))
    assert (density.density * np.diff(density.edges)).sum() == pytest.approx(1.0)
    few = vibrational_density_of_states(
        [np.sort(s)[:50] for s in spectra], np.linspace(0, 20, 41), modes_per_sample=500
    )
    assert (few.density * np.diff(few.edges)).sum() == pytest.approx(0.1)
    with pytest.raises(ValueError, match="more frequencies"):
        vibrational_density_of_states(spectra, [0, 1], modes_per_sample=400)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_debye_level_of_a_debye_solid(d):
    density, shear, bulk = 0.9, 7.0, 40.0
    frequency = debye_frequency(density, shear, bulk, d)
    level = debye_level(density, shear, bulk, d)
    spectrum = debye_spectrum(200_000, frequency, d)
    reduced = reduced_density(
        vibrational_density_of_states(spectrum, np.linspace(0.0, 1.0, 6) * frequency), d
    )
    np.testing.assert_allclose(reduced.density, level, rtol=2e-3)


def test_the_debye_frequency_is_that_of_physics_nine():
    density, shear, bulk = 1.015, 6.5, 41.0
    c_t, c_l = np.sqrt(shear / density), np.sqrt((bulk + 4 * shear / 3) / density)
    expected = (6 * np.pi**2 * density * 3 / (c_l**-3 + 2 * c_t**-3)) ** (1 / 3)
    assert debye_frequency(density, shear, bulk) == pytest.approx(expected, rel=1e-12)
    assert debye_level(density, shear, bulk) == pytest.approx(3 / expected**3, rel=1e-12)
    with pytest.raises(ValueError, match="no stable solid"):
        debye_frequency(1.0, -1.0, 3.0)


def test_the_boson_peak_of_a_known_density():
    """g(w)/w^2 = exp(-(ln w/w_0)^2 / 2 s^2) peaks at w_0."""
    rng = np.random.default_rng(1)
    peak, width = 2.0, 0.5
    # w^3 times the log-normal is a log-normal about w_0 exp(3 s^2).
    spectra = [peak * np.exp(3 * width**2 + width * rng.standard_normal(3000)) for _ in range(6)]
    found = boson_peak(spectra, rng=rng, search=(0.7, 6.0))
    assert abs(found.frequency - peak) < 4 * found.frequency_error + 0.02
    assert 0 < found.frequency_error < 0.4
    again = boson_peak(spectra, rng=np.random.default_rng(5), search=(0.7, 6.0))
    once_more = boson_peak(spectra, rng=np.random.default_rng(5), search=(0.7, 6.0))
    assert again == once_more
    assert boson_peak(spectra[0], rng=rng, search=(0.7, 6.0)).frequency_error > 0


@pytest.fixture
def expansion(make_glass):
    _, landscape, glass = make_glass("ipl12", 256)
    return landscape.expand(glass.positions)


def test_the_upper_bound_of_the_spectrum(expansion, make_modes):
    highest = make_modes("ipl12", 256).frequency_squared[-1]
    bound = largest_eigenvalue(
        expansion.hessian_product, expansion.positions.shape, np.random.default_rng(0)
    )
    assert highest <= bound * (1 + 1e-9) and bound < 1.05 * highest


def test_the_chebyshev_density_is_the_exact_one(expansion, make_modes):
    frequency = make_modes("ipl12", 256).frequency
    edges = np.linspace(0.0, 25.0, 11)
    exact = vibrational_density_of_states(frequency, edges)
    result = kernel_polynomial_density(
        expansion, edges, rng=np.random.default_rng(0), moments=600, random_vectors=60
    )
    assert (result.density * np.diff(edges)).sum() == pytest.approx(1.0, abs=1e-9)
    deviation = np.abs(result.density - exact.density)
    assert (deviation < 4 * result.error + 1e-3).all()
    assert deviation.max() < 0.05 * exact.density.max()


def test_the_trace_of_a_known_vector_is_exact(expansion, make_modes):
    """Against Chebyshev moments of the exact spectrum, seen by the same random vector."""
    from glassmodes.modes.densities import chebyshev_moments

    modes = make_modes("ipl12", 256)
    scale = 1.02 * modes.frequency_squared[-1]
    moments = chebyshev_moments(
        expansion.hessian_product, (256, 3), scale, 41, np.random.default_rng(8)
    )
    z = np.random.default_rng(8).choice([-1.0, 1.0], size=(256, 3))
    z -= z.mean(axis=0)
    weights = np.einsum("kia,ia->k", modes.vectors, z) ** 2
    angle = np.arccos(2 * modes.frequency_squared / scale - 1)
    expected = np.cos(np.outer(np.arange(41), angle)) @ weights / weights.sum()
    np.testing.assert_allclose(moments, expected, atol=1e-10)


def test_the_stream_decides_the_density(expansion):
    edges = np.linspace(0.0, 25.0, 6)
    options = {"moments": 64, "random_vectors": 2}
    first, second, other = (
        kernel_polynomial_density(expansion, edges, rng=np.random.default_rng(s), **options)
        for s in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.density, second.density)
    assert np.abs(first.density - other.density).max() > 0


def test_jackson_factors():
    factors = jackson_kernel(100)
    assert factors[0] == pytest.approx(1.0)
    assert (np.diff(factors) < 0).all() and 0 < factors[-1] < 1e-3


def test_memory_of_a_quarter_of_a_million_particles():
    assert kernel_polynomial_bytes(3 * 256_000, 3, 256_000 * 33) < 2 * 2**30
