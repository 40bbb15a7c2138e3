"""Displacement, participants and far field of a rearrangement, on fields known exactly."""

import numpy as np
import pytest
from glassmodes.transitions.rearrangements import (
    describe,
    displacement,
    far_field_decay,
    participants,
)

BOX = np.array([12.0, 13.0, 14.0])


@pytest.fixture
def positions():
    return np.random.default_rng(0).random((2000, 3)) * BOX


def power_law(positions, exponent, core=17, size=0.5):
    """|Dr_i| = size / r^exponent beyond one, in random directions."""
    apart = positions - positions[core]
    apart -= BOX * np.rint(apart / BOX)
    distance = np.maximum(np.linalg.norm(apart, axis=1), 1.0)
    directions = np.random.default_rng(1).normal(size=positions.shape)
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    field = size * distance[:, None] ** -exponent * directions
    field[core] *= 1.5
    return field


@pytest.mark.parametrize("shift", [0.0, 0.3, 6.1, 6.9, -40.0])
def test_displacement_ignores_translations_and_images(positions, shift):
    rng = np.random.default_rng(2)
    field = 0.05 * rng.normal(size=positions.shape)
    field -= field.mean(axis=0)
    images = BOX * rng.integers(-2, 3, positions.shape)
    found = displacement(positions, positions + field + shift + images, BOX)
    np.testing.assert_allclose(found, field, atol=1e-12)


def test_displacement_between_same_structures_is_zero(positions):
    wrapped = (positions + 5.0) % BOX
    assert np.abs(displacement(positions, wrapped, BOX)).max() < 1e-13


def test_participants():
    field = np.zeros((100, 3))
    field[:7, 1] = -2e-200
    assert participants(field) == pytest.approx(7.0)
    assert participants(np.ones((100, 2))) == pytest.approx(100.0)


@pytest.mark.parametrize("exponent", [2.0, 2.7, 3.0])
def test_far_field_of_a_power_law(positions, exponent):
    field = power_law(positions, exponent)
    found, error, radii, averages = far_field_decay(field, positions, BOX)
    # the mean of r^-a over a shell is not the power of the mean radius
    assert found == pytest.approx(exponent, abs=0.01)
    assert error < 0.01
    assert len(radii) == len(averages)
    assert (np.diff(radii) > 0).all()
    assert radii[-1] < 0.5 * BOX.min()


def test_far_field_error_is_that_of_the_scatter(positions):
    rng = np.random.default_rng(4)
    exact = power_law(positions, 2.5)
    found = [
        far_field_decay(
            exact
            * np.exp(0.5 * rng.normal(size=(len(exact), 1)) * (np.arange(2000) != 17)[:, None]),
            positions,
            BOX,
        )[:2]
        for _ in range(100)
    ]
    exponents, errors = np.transpose(found)
    assert exponents.mean() == pytest.approx(2.5, abs=0.03)
    assert np.median(errors) == pytest.approx(exponents.std(), rel=0.35)


def test_no_far_field_in_a_small_box():
    rng = np.random.default_rng(5)
    positions = 6.0 * rng.random((216, 3))
    exponent, error, radii, _ = far_field_decay(rng.normal(size=(216, 3)), positions, [6.0] * 3)
    assert np.isnan(exponent) and np.isnan(error)
    assert len(radii) > 3


def test_describe(positions):
    field = power_law(positions, 3.0)
    field -= field.mean(axis=0)
    found = describe(positions, (positions + field) % BOX, -10.0, -9.75, BOX)
    assert found.distance == pytest.approx(np.linalg.norm(field))
    assert found.energy_change == 0.25
    assert found.participants == pytest.approx(participants(field))
    assert found.core == 17
    assert found.largest == pytest.approx(np.linalg.norm(field[17]))
    back = describe(positions + field, positions, -9.75, -10.0, BOX)
    assert back.energy_change == -0.25
    assert back.distance == pytest.approx(found.distance)


def test_describe_in_two_dimensions():
    rng = np.random.default_rng(6)
    positions = 40.0 * rng.random((1500, 2))
    field = 0.01 * rng.normal(size=positions.shape)
    found = describe(positions, positions + field, 0.0, 1.0, [40.0, 40.0])
    field -= field.mean(axis=0)
    assert found.distance == pytest.approx(np.linalg.norm(field))
    assert abs(found.far_field_exponent) < 0.5
