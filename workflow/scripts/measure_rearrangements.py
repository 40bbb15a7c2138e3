"""Measure the rearrangements between successive inherent structures of one bundle's runs."""

import logging
import sys

from glassmodes.campaign import programs

TABLES = (
    "inherent_structures",
    "rearrangements",
    "rearrangement_runs",
    "rearrangement_fields",
)


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__)
    parser.add_argument("--temperature", required=True, type=float)
    parser.add_argument("--inherent", required=True, help="inherent/bNNNN/T<temperature>.h5")
    for table in TABLES:
        parser.add_argument(f"--{table.replace('_', '-')}", required=True, help="part of the table")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "measure_rearrangements")

    from glassmodes.data.storage import open_file, sample_group
    from glassmodes.transitions.inherent_structures import rearrangement_tables

    log = logging.getLogger("program")
    parts = {table: [] for table in TABLES}
    with open_file(arguments.inherent) as file:
        for sample in task.samples:
            if sample_group(sample) not in file:
                log.warning("sample %d is left out: no inherent structures", sample)
                continue
            measured = rearrangement_tables(file[sample_group(sample)], arguments.temperature)
            for table, frame in measured.items():
                parts[table].append(programs.with_sample(frame, task, sample))
            run = measured["rearrangement_runs"].iloc[0]
            log.info(
                "sample %d at T = %g: %d rearrangements in %d frames, %d distinct structures, "
                "%d frames not converged",
                *(sample, arguments.temperature, run["events"], run["frames"]),
                *(run["distinct_structures"], run["not_converged"]),
            )
    for table, frames in parts.items():
        programs.write_part(getattr(arguments, table), frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
