"""Measure the lifetimes of the modes of one bundle at one temperature.

Runs whose inherent structure changed are flagged and left out.
"""

import logging
import sys

import numpy as np
from glassmodes.campaign import programs

TABLES = ("lifetimes", "window_lifetimes", "energy_autocorrelation")


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__)
    parser.add_argument("--temperature", required=True, type=float)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--modes", required=True, help="modes/bNNNN.h5")
    parser.add_argument("--trajectories", required=True)
    for table in TABLES:
        parser.add_argument(f"--{table.replace('_', '-')}", required=True, help="part of the table")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "measure_lifetimes")

    from glassmodes.anharmonic.lifetimes import TrajectoryError, lifetimes
    from glassmodes.data.storage import (
        mode_samples,
        open_file,
        read_glasses,
        read_modes,
        sample_group,
    )

    log = logging.getLogger("program")
    temperature = arguments.temperature
    block = task.campaign.block("lifetimes", task.ensemble.name, temperature)
    parts = {table: [] for table in TABLES}
    solved = mode_samples(arguments.modes)
    with open_file(arguments.trajectories) as file:
        for glass in read_glasses(arguments.glasses):
            if sample_group(glass.sample) not in file or glass.sample not in solved:
                log.warning("sample %d is left out: no modes or no trajectory", glass.sample)
                continue
            run = file[sample_group(glass.sample)]
            try:
                measured = lifetimes(
                    run,
                    read_modes(arguments.modes, glass.sample),
                    glass.positions,
                    glass.box,
                    temperature,
                    rearranged=bool(np.nan_to_num(run.attrs["rearranged"])),
                    blocks=block["blocks"],
                )
            except TrajectoryError as error:
                log.warning("sample %d at T = %g: %s", glass.sample, temperature, error)
                continue
            for table, frame in measured.items():
                parts[table].append(programs.with_sample(frame, task, glass.sample))
            found = measured["lifetimes"]
            log.info(
                "sample %d at T = %g: median lifetime %.4g of %d modes, %d not resolved",
                glass.sample,
                temperature,
                found["lifetime"].median(),
                len(found),
                found["lifetime"].isna().sum(),
            )
    for table, frames in parts.items():
        programs.write_part(getattr(arguments, table), frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
