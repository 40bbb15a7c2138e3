"""Equilibrate one liquid and take its snapshots.

A run that was interrupted goes on where its last state was stored.
"""

import json
import logging
import sys

from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, unit="run")
    parser.add_argument("--output", required=True, help="liquids/rNNNN.h5")
    parser.add_argument("--table", required=True, help="part of the table equilibration")
    arguments = parser.parse_args(argv)
    task, _ = programs.begin(arguments, "equilibrate_liquids")

    import pandas as pd
    from glassmodes.data.resume import PartialFolder
    from glassmodes.simulation.liquids import equilibrate_liquid, liquid_record, write_liquid

    log = logging.getLogger("program")
    ensemble, model = task.ensemble, task.model
    partial = PartialFolder(
        arguments.output,
        {
            "seed": task.campaign.seed,
            "ensemble": [ensemble.name, ensemble.particles, ensemble.preparation],
            "snapshots": ensemble.snapshots_of(task.run),
            "model": [json.loads(model.potential_json()), model.density, model.time_step],
            "code_version": task.attributes["code_version"],
        },
    )
    state = partial.folder / "state.h5"
    if partial.open() and state.is_file():
        log.info("run %d goes on where an earlier job was stopped", task.run)
    liquid = equilibrate_liquid(
        *(model, ensemble, task.run, task.campaign.seed),
        state=state,
        attributes=task.attributes,
    )
    write_liquid(arguments.output, liquid, model, task.attributes)
    record = pd.DataFrame([liquid_record(liquid, ensemble)])
    first = task.run * ensemble.snapshots
    programs.write_part(arguments.table, [programs.with_sample(record, task, first)], task)
    partial.remove()
    log.info(
        "run %d: %s, %d snapshots, decorrelation time %.4g, energy per particle %.6f",
        *(task.run, liquid.status, len(liquid.positions)),
        *(record["decorrelation_time"][0], record["energy"][0]),
    )
    if liquid.status != "ok":
        log.warning("run %d: no sample of it can be used: %s", task.run, liquid.status)


if __name__ == "__main__":
    main(sys.argv[1:])
