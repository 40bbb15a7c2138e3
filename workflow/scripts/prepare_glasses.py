"""Prepare the inherent structures of one bundle.

Samples are shared out among the ranks; those that an interrupted run had finished are kept.
"""

import json
import logging
import sys

from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument(
        *("--liquids",), nargs="*", default=[], help="liquids/rNNNN.h5 of the bundle's samples"
    )
    parser.add_argument("--output", required=True, help="glasses/bNNNN.h5")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, "prepare_glasses")

    from glassmodes.data.resume import PartialFolder
    from glassmodes.data.storage import read_glasses, write_glasses
    from glassmodes.parallel import form_teams
    from glassmodes.simulation.liquids import read_liquid
    from glassmodes.simulation.preparation import prepare_glass

    log = logging.getLogger("program")
    ensemble, model = task.ensemble, task.model
    partial = PartialFolder(
        arguments.output,
        {
            "seed": task.campaign.seed,
            "ensemble": [ensemble.name, ensemble.particles, ensemble.preparation],
            "model": [json.loads(model.potential_json()), model.density, model.time_step],
            "code_version": task.attributes["code_version"],
        },
    )
    runs = ensemble.runs_of(task.bundle)
    if len(arguments.liquids) != len(runs):
        raise SystemExit(f"--liquids: {len(arguments.liquids)} files for {len(runs)} runs")
    liquids = dict(zip(runs, arguments.liquids, strict=True))
    if world.rank == 0:
        partial.open()
    world.Barrier()
    team = form_teams(world, ensemble.preparation["ranks_per_sample"])
    for sample in team.share(task.samples):
        # every rank of the team must see the same
        if team.ranks.bcast(partial.has(sample) if team.leads else None):
            log.info("sample %d was finished by an earlier run", sample)
            continue
        liquid = None
        if liquids:
            run, snapshot = ensemble.snapshot_of(sample)
            liquid = read_liquid(liquids[run], slice(snapshot, snapshot + 1))
        glass = prepare_glass(
            *(model, ensemble, sample, task.campaign.seed),
            liquid=liquid,
            communicator=team.ranks,
        )
        if team.leads:
            write_glasses(partial.sample_path(sample), [glass], model, task.attributes)
            log.info(
                "sample %d: %s, energy per particle %.6f, largest force %.1e",
                sample,
                glass.status,
                glass.energy / ensemble.particles,
                glass.max_force,
            )
    world.Barrier()
    if world.rank == 0:
        glasses = [g for sample in task.samples for g in read_glasses(partial.sample_path(sample))]
        write_glasses(arguments.output, glasses, model, task.attributes)
        partial.remove()
        for glass in glasses:
            # the first rank alone writes to the log, whichever rank a sample was made on
            if not glass.is_usable:
                log.warning("sample %d cannot be used: %s", glass.sample, glass.status)
        usable = sum(glass.is_usable for glass in glasses)
        log.info("%d of %d samples can be used", usable, len(glasses))


if __name__ == "__main__":
    main(sys.argv[1:])
