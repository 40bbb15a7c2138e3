"""Run the constant-energy trajectories of one bundle at one temperature.

Samples are shared out among the ranks; frames that an interrupted run had written are kept.
"""

import sys

from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--temperature", required=True, type=float)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--output", required=True, help="trajectories/bNNNN/T<temperature>.h5")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, f"run_dynamics T={arguments.temperature:g}")

    from glassmodes.data.storage import read_glasses
    from glassmodes.simulation.dynamics import RunSettings, run_bundle

    block = task.campaign.block("dynamics", task.ensemble.name, arguments.temperature)
    run_bundle(
        arguments.output,
        task.model,
        task.ensemble,
        read_glasses(arguments.glasses),
        RunSettings(
            temperature=arguments.temperature,
            equilibration=block["equilibration"],
            duration=block["duration"],
            interval=block["interval"],
            time_step=task.campaign.time_step(task.ensemble.name, arguments.temperature),
        ),
        seed=task.campaign.seed,
        attributes=task.attributes,
        ranks_per_sample=task.ensemble.preparation["ranks_per_sample"],
        communicator=world,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
