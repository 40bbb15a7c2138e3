"""Compute A_c of the modes of one bundle from the third-order expansion of the energy (Eq. A3)."""

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
    parser.add_argument("--output", required=True, help="part of the table cubic_amplitudes")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "compute_cubic_amplitudes")

    from glassmodes.data.storage import (
        mode_samples,
        open_file,
        read_glasses,
        read_table,
        sample_group,
    )
    from glassmodes.landscape import Landscape
    from glassmodes.transitions.cubic_amplitudes import cubic_coefficients, saddle_amplitude

    log = logging.getLogger("program")
    solved = mode_samples(arguments.modes)
    table = read_table(arguments.modes_table)
    frames = []
    for glass in read_glasses(arguments.glasses):
        if glass.sample not in solved:
            log.warning("sample %d has no modes", glass.sample)
            continue
        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        with open_file(arguments.modes) as file:
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
        frames.append(programs.with_sample(frame, task, glass.sample))
        log.info(
            "sample %d: %d modes, median A_c of the expansion %.4g",
            *(glass.sample, len(frame), np.median(frame["amplitude"])),
        )
    programs.write_part(arguments.output, frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
