"""Decay rates from LAMMPS' own force constants, for any of its potentials.

Not a rule of the campaign: a program to run by hand on the files that LAMMPS' commands
`dynamical_matrix` and `third_order` (style `regular`, masses of one) have written.
"""

import argparse
import sys

from glassmodes import logs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--second-order", required=True, help="file of dynamical_matrix")
    parser.add_argument("--third-order", required=True, help="file of third_order")
    parser.add_argument("--particles", required=True, type=int)
    parser.add_argument("--broadening", required=True, type=float, help="Gaussian width")
    parser.add_argument("--precision", default="double", choices=("single", "double"))
    parser.add_argument("--output", required=True, help="table of decay rates, .parquet")
    arguments = parser.parse_args(argv)
    logger = logs.set_up(None, "force constants")

    from glassmodes.anharmonic.force_constants import force_constant_decay_rates
    from glassmodes.data.storage import write_table
    from glassmodes.simulation import read_second_order, read_third_order

    third = read_third_order(arguments.third_order, arguments.particles)
    rates = force_constant_decay_rates(
        read_second_order(arguments.second_order, arguments.particles),
        third.indices,
        third.blocks,
        arguments.broadening,
        precision=arguments.precision,
    )
    write_table(arguments.output, rates.table(), csv=True)
    logger.info("%d modes in %s", len(rates.frequency), arguments.output)


if __name__ == "__main__":
    main(sys.argv[1:])
