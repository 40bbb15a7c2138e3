"""Follow the inherent structures of one bundle along constant-energy runs at one temperature.

Frames are quenched as the runs go, spread over the ranks; chunks of them that an interrupted run
had finished are kept.
"""

import sys

from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--temperature", required=True, type=float)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--output", required=True, help="inherent/bNNNN/T<temperature>.h5")
    arguments = parser.parse_args(argv)
    temperature = arguments.temperature
    task, world = programs.begin(arguments, f"follow_inherent_structures T={temperature:g}")

    from glassmodes.data.storage import read_glasses
    from glassmodes.simulation.dynamics import RunSettings
    from glassmodes.transitions.inherent_structures import follow_bundle

    block = task.campaign.block("transitions", task.ensemble.name, temperature)
    follow_bundle(
        arguments.output,
        task.model,
        task.ensemble,
        read_glasses(arguments.glasses),
        RunSettings(
            temperature=temperature,
            equilibration=block["equilibration"],
            duration=block["duration"],
            interval=block["interval"],
            time_step=task.campaign.time_step(task.ensemble.name, temperature, "transitions"),
            structure_checks=0,
        ),
        seed=task.campaign.seed,
        attributes=task.attributes,
        force_tolerance=block["force_tolerance"],
        dynamics_ranks=task.ensemble.preparation["ranks_per_sample"],
        communicator=world,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
