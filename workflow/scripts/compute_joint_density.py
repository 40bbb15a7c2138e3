"""Compute the joint two-mode densities of states of one bundle (Eq. 14)."""

import sys

from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__)
    parser.add_argument("--modes", required=True, help="modes/bNNNN.h5")
    parser.add_argument("--output", required=True, help="part of the table joint_density")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "compute_joint_density")

    from glassmodes.anharmonic.decay_rates import joint_density
    from glassmodes.data.storage import mode_samples, read_modes

    block = task.campaign.block("joint_density", task.ensemble.name)
    frames = [
        programs.with_sample(
            joint_density(
                read_modes(arguments.modes, sample).frequency,
                block["broadening"],
                spacing=block["bin_width"],
            ),
            task,
            sample,
        )
        for sample in mode_samples(arguments.modes)
    ]
    programs.write_part(arguments.output, frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
