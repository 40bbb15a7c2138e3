"""Measure the mean-squared displacement of the trajectories of one bundle at one temperature.

With it come the time series of temperature and potential energy, and the checks of each run.
"""

import sys

from glassmodes.campaign import programs

TABLES = ("mean_squared_displacement", "time_series", "dynamics_checks")


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__)
    parser.add_argument("--temperature", required=True, type=float)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--trajectories", required=True)
    for table in TABLES:
        parser.add_argument(f"--{table.replace('_', '-')}", required=True, help="part of the table")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "measure_mean_squared_displacement")

    from glassmodes.data.storage import open_file, read_glasses, sample_group
    from glassmodes.simulation import dynamics_checks, mean_squared_displacement, time_series

    temperature, particles = arguments.temperature, task.ensemble.particles
    lags = task.campaign.block("dynamics", task.ensemble.name, temperature)["lags"]
    parts = {table: [] for table in TABLES}
    with open_file(arguments.trajectories) as file:
        for glass in read_glasses(arguments.glasses):
            if sample_group(glass.sample) not in file:
                continue
            run = file[sample_group(glass.sample)]
            msd = mean_squared_displacement(run, temperature, points=lags)
            series = time_series(run, temperature, glass.energy, particles)
            checks = dynamics_checks(
                run, temperature, glass.energy, particles, task.model.dimension, msd=msd
            )
            for table, frame in zip(TABLES, (msd, series, checks), strict=True):
                parts[table].append(programs.with_sample(frame, task, glass.sample))
    for table, frames in parts.items():
        programs.write_part(getattr(arguments, table), frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
