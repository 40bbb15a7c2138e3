"""Core-seconds and minimisations of a mode excitation against N, and the cubic amplitude beside it.

Harmonic spheres from random starts, the lowest modes, A_c of the smaller sign to a tenth; timed in
processor time of this process, so that it holds on a shared machine. Memory is that of the process
at its largest size, against the estimate that the workflow asks for.
"""

from __future__ import annotations

import resource
import time

import numpy as np
from glassmodes.campaign import registry
from glassmodes.campaign.settings import load_campaign
from glassmodes.ensembles import Ensemble
from glassmodes.landscape import Landscape
from glassmodes.landscape.quench import Quencher
from glassmodes.models import get_model
from glassmodes.modes import solve_modes
from glassmodes.simulation.preparation import prepare_glass
from glassmodes.transitions.excitations import ModeExciter, ScanSettings

from tests.benchmarks.timing import compared, measured, scaling_exponent

SIZES = (500, 1000, 2000, 4000)
MODES = 6
SETTINGS = ScanSettings(1e-3, 0.2, 2.0, 0.1)


def planned(particles):
    """A campaign that asks for what is measured here."""
    ensemble = {"model": "harmonic", "particles": particles, "preparation": {"protocol": "random"}}
    study = {
        "ensembles": ["spheres"],
        "below": 1.0,
        "at_least": MODES,
        "above": 0,
        "smallest_amplitude": SETTINGS.smallest_amplitude,
        "largest_amplitude": SETTINGS.largest_amplitude,
        "grid_factor": SETTINGS.grid_factor,
        "relative_precision": SETTINGS.relative_precision,
        "fields": 0,
    }
    modes = {"ensembles": ["spheres"], "request": {"lowest": MODES}}
    return load_campaign(
        {
            "campaign": "benchmark",
            "seed": 1,
            "ensembles": {"spheres": ensemble},
            "studies": {"modes": modes, "excitations": study},
        }
    )


def run():
    """Rows of the benchmark table."""
    model = get_model("harmonic")
    costs, minimisations, contractions = [], [], []
    for particles in SIZES:
        ensemble = Ensemble(
            "spheres", model.name, particles, 1, 1, {"protocol": "random", "ranks_per_sample": 1}
        )
        glass = prepare_glass(model, ensemble, 0, 20201120)
        landscape = Landscape.of_glass(model, glass)
        expansion = landscape.expand(glass.positions)
        modes = solve_modes(expansion, {"lowest": MODES})
        exciter = ModeExciter(Quencher(landscape), glass.positions, SETTINGS)
        # compiled before it is timed
        exciter.quencher.quench(exciter.displaced(modes.vectors[0], 1e-4))
        began = time.process_time()
        found = [
            exciter.excite(vector, frequency)[0]
            for vector, frequency in zip(modes.vectors, modes.frequency, strict=True)
        ]
        costs.append((time.process_time() - began) / MODES)
        minimisations.append(np.mean([excitation.minimisations for excitation in found]))
        began = time.process_time()
        for vector in modes.vectors:
            expansion.cubic_form(vector)
        contractions.append((time.process_time() - began) / MODES)
        yield measured(f"mode excitation, harmonic, N = {particles}", costs[-1], "core-s a mode")
        yield measured(f"minimisations, N = {particles}", minimisations[-1], "a mode")
    yield measured("mode excitation, exponent of N", scaling_exponent(SIZES, costs), "")
    yield measured(f"cubic amplitude, N = {particles}", 1e3 * contractions[-1], "core-ms a mode")
    campaign = planned(particles)
    expected = registry.stages()["measure_excitations"].estimate(campaign, "spheres")
    yield compared(
        f"memory, N = {particles}",
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "MB at most",
        "estimate",
        expected.memory / 1e6,
        goal="ratio <= 1.5",
    )
