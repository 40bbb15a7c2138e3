"""Preparation protocols: what is refused of an ensemble that is made by hand."""

import pytest
from glassmodes.campaign.preparation import PROTOCOLS, check_preparation
from glassmodes.campaign.validation import SettingsError
from glassmodes.ensembles import Ensemble
from glassmodes.models import load_models

MODELS = load_models()
MOLECULAR = {"protocol": "equilibrium", "dynamics": "molecular", "snapshots": 3}
SWAP = {"protocol": "equilibrium", "dynamics": "swap", "snapshots": 3, "equilibration": 2000}
QUENCH, COOLING = {"protocol": "quench"}, {"protocol": "cooling"}


@pytest.mark.parametrize(
    "model, particles, preparation, key, message",
    [
        ("ipl12", 500, {}, "preparation", "'protocol' is missing"),
        ("ipl12", 500, {"protocol": "melt"}, "preparation.protocol", "'melt' is not among quench"),
        ("ipl12_one_component", 500, {"protocol": "fcc", "cells": 4}, "particles", "the 256 of 4"),
        ("ipl12", 256, {"protocol": "fcc", "cells": 4}, "preparation.protocol", "one-component"),
        ("ipl12", 500, {**QUENCH, "cells": 4}, "preparation.cells", "not a setting of"),
        ("ipl12", 100, QUENCH, "particles", "smaller than twice the cutoff"),
        (
            *("ipl12", 500, {**QUENCH, "parent_temperature": -1.0}),
            *("preparation.parent_temperature", "-1.0 is out of bounds: it must be more than 0"),
        ),
        ("harmonic", 500, QUENCH, "preparation", "'parent_temperature' is missing"),
        ("ipl10_4d", 5000, {**QUENCH, "engine": "lammps"}, "preparation.engine", "allowed: native"),
        ("ipl12", 500, {**QUENCH, "annealing": 10.0}, "preparation", "'annealing_temperature'"),
        ("ipl10_3d", 200, SWAP, "preparation.dynamics", "not polydisperse"),
        (
            *("ipl10_3d", 200, {**COOLING, "final_temperature": 3.0}),
            *("preparation.final_temperature", "3 is not below the parent temperature"),
        ),
        ("ipl10_3d", 200, {**COOLING, "rate": 0.0}, "preparation.rate", "0.0 is out of bounds"),
        ("ipl10_3d", 200, {**MOLECULAR, "rate": 1.0}, "preparation.rate", "not a setting of"),
    ],
)
def test_bad_settings_are_refused(model, particles, preparation, key, message):
    ensemble = Ensemble("glass", model, particles, 1, 1, preparation)
    with pytest.raises(SettingsError) as error:
        check_preparation(MODELS[model], ensemble)
    lines = str(error.value).splitlines()
    assert any(line.startswith(f"ensembles.glass.{key}: ") and message in line for line in lines)


@pytest.mark.parametrize(
    "model, particles, preparation",
    [
        ("ipl12", 220, {**QUENCH, "equilibration": 4.0}),
        ("ipl12", 220, {**QUENCH, "annealing_temperature": 0.01, "annealing": 10.0}),
        ("ipl10_4d", 5000, {**COOLING, "parent_temperature": 1.5, "equilibration": 4.0}),
        ("ipl10_3d", 200, {**MOLECULAR, "parent_temperature": 2.0, "equilibration": 20.0}),
        ("poly", 200, {**SWAP, "parent_temperature": 4.0, "translation_step": 0.3}),
        ("harmonic", 500, {"protocol": "random"}),
        ("ipl12_one_component", 500, {"protocol": "fcc", "cells": 5}),
    ],
)
def test_good_settings_are_completed_and_left_as_they_are(model, particles, preparation):
    check_preparation(MODELS[model], Ensemble("glass", model, particles, 1, 1, preparation))
    protocol = PROTOCOLS[preparation["protocol"]](**preparation)
    completed = protocol.completed(MODELS[model])
    assert completed.items() >= preparation.items()
    assert set(completed) - set(preparation) == {"ranks_per_sample"} | {
        name for name in protocol.from_model if name not in preparation
    }
    assert PROTOCOLS[preparation["protocol"]](**completed).completed(MODELS[model]) == completed
