"""Participation ratios and phonon order of the modes of one bundle, and the elastic moduli."""

import logging
import sys

import numpy as np
import pandas as pd
from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--modes", required=True, help="modes/bNNNN.h5")
    parser.add_argument("--modes-table", required=True, help="part of the table modes")
    parser.add_argument("--moduli-table", required=True, help="part of the table moduli")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "analyse_modes")

    from glassmodes.data.storage import mode_samples, read_glasses, read_modes
    from glassmodes.landscape import Landscape
    from glassmodes.mechanics import elastic_moduli
    from glassmodes.modes import participation_ratio, phonon_order

    log = logging.getLogger("program")
    with_order = task.campaign.block("modes", task.ensemble.name)["phonon_order"]
    is_crystal = task.ensemble.preparation["protocol"] == "fcc"
    solved = mode_samples(arguments.modes)
    tables, moduli = [], []
    for glass in read_glasses(arguments.glasses):
        if glass.sample not in solved:
            log.warning("sample %d has no modes", glass.sample)
            continue
        modes = read_modes(arguments.modes, glass.sample)
        frame = pd.DataFrame(
            {
                "mode": np.arange(len(modes.frequency)),
                "frequency": modes.frequency,
                "participation_ratio": participation_ratio(modes.vectors),
                "phonon_order": phonon_order(modes.vectors, glass.positions, glass.box)
                if with_order
                else np.nan,
                "residual": modes.residual,
                "complete_below": modes.complete_below,
            }
        )
        tables.append(programs.with_sample(frame, task, glass.sample))
        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        # rattlers bear no load; sound travels at the density of all particles
        found = elastic_moduli(expansion.without_rattlers()[0])
        frame = pd.DataFrame(
            [
                {
                    "shear_modulus": found.shear,
                    "bulk_modulus": found.bulk,
                    "debye_level": found.anisotropic_debye_level
                    if is_crystal
                    else found.debye_level,
                    "pressure": found.pressure,
                    "energy_per_particle": glass.energy / task.ensemble.particles,
                    "max_force": glass.max_force,
                }
            ]
        )
        moduli.append(programs.with_sample(frame, task, glass.sample))
        log.info(
            "sample %d: %d modes from %.4g to %.4g, G = %.4g, K = %.4g, p = %.4g",
            glass.sample,
            len(modes.frequency),
            modes.frequency[0],
            modes.frequency[-1],
            found.shear,
            found.bulk,
            found.pressure,
        )
    for path, frames in ((arguments.modes_table, tables), (arguments.moduli_table, moduli)):
        programs.write_part(path, frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
