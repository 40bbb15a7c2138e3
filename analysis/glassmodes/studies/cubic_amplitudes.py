"""Amplitude at which each mode would reach a saddle, by the third-order expansion of the energy."""

from __future__ import annotations

from glassmodes.campaign.estimates import BASE_MEMORY, SPARSE_MEMORY, Estimate
from glassmodes.campaign.rates import rate
from glassmodes.campaign.runner import Part, each_sample
from glassmodes.campaign.study import Stage, Study
from glassmodes.campaign.validation import EnsembleStudySettings
from glassmodes.data.columns import MODE, SAMPLE, Column, Table
from glassmodes.models.sizes import expansion_memory, mean_pairs
from glassmodes.studies import modes


class Settings(EnsembleStudySettings):
    """A_c of every mode known, from the third-order expansion of the energy alone
    (mizuno2020_anharmonic, Eq. A3); needs modes."""


CUBIC_AMPLITUDES = Table(
    "cubic_amplitudes",
    (
        *SAMPLE,
        *MODE,
        Column("cubic", "number", "tau, the third derivative along the mode (Eq. A2)"),
        Column("amplitude", "number", "2 omega^2 / (|tau| sqrt(N)) (Eq. A3)", False),
        Column("phonon_order", "number", "O_k (Eq. 3)", False),
        Column("participation_ratio", "number", "P_k (Eq. 4)", False),
    ),
)


def estimate(campaign, ensemble, temperature=None) -> Estimate:
    """Cubic amplitudes of the modes of one sample, read one by one."""
    entry = campaign.ensembles[ensemble]
    model, particles = campaign.models[entry.model], entry.particles
    count = modes.count(campaign, ensemble)
    work = 2.0 * mean_pairs(model, particles) + 25.0 * particles
    return Estimate(
        memory=BASE_MEMORY
        + SPARSE_MEMORY
        + 3.0 * expansion_memory(model, particles)
        + 100.0 * particles,
        core_seconds=count * work / rate("quench_pairs"),
        disk=60.0 * count,
    )


def compute_amplitudes(task) -> None:
    """A_c of the modes of one bundle (mizuno2020_anharmonic, Eq. A3)."""
    import numpy as np
    import pandas as pd

    from glassmodes.data.storage import open_file, read_table, sample_group
    from glassmodes.landscape import Landscape
    from glassmodes.transitions.cubic_amplitudes import cubic_coefficients, saddle_amplitude

    table = read_table(task.path("modes"))

    def compute(glass, ranks) -> Part:
        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        with open_file(task.path("mode_vectors")) as file:
            vectors = file[sample_group(glass.sample)]["vectors"]
            cubic = cubic_coefficients(expansion, (vectors[k] for k in range(len(vectors))))
        known = table[table["sample"] == glass.sample].sort_values("mode")
        frequency = known["frequency"].to_numpy()
        frame = pd.DataFrame(
            {
                "mode": known["mode"].to_numpy(),
                "frequency": frequency,
                "cubic": cubic,
                "amplitude": saddle_amplitude(frequency, cubic, task.ensemble.particles),
                "phonon_order": known["phonon_order"].to_numpy(),
                "participation_ratio": known["participation_ratio"].to_numpy(),
            }
        )
        task.log.info(
            "sample %d: %d modes, median A_c of the expansion %.4g",
            *(glass.sample, len(frame), np.median(frame["amplitude"])),
        )
        return Part({"cubic_amplitudes": frame})

    each_sample(task, task.usable_with("mode_vectors"), compute)


STUDY = Study(
    name="cubic_amplitudes",
    settings=Settings,
    needs=("modes",),
    stages=(
        Stage(
            name="compute_cubic_amplitudes",
            per="bundle",
            reads=("glasses", "mode_vectors", "modes"),
            makes=(CUBIC_AMPLITUDES,),
            run=compute_amplitudes,
            estimate=estimate,
        ),
    ),
)
