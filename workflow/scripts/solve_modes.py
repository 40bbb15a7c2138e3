"""Solve for the vibrational modes of one bundle.

Samples are shared out among the ranks; those that an interrupted run had finished are kept. A
sample whose modes cannot be found, or are not complete, gets a status and no modes.
"""

import hashlib
import logging
import sys

import h5py
import numpy as np
from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--output", required=True, help="modes/bNNNN.h5")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, "solve_modes")

    from glassmodes.data.resume import PartialFolder
    from glassmodes.data.storage import (
        create_file,
        open_file,
        put_modes,
        read_glasses,
        sample_group,
    )
    from glassmodes.landscape import Landscape
    from glassmodes.modes import ModeError, ModeRequestError, solve_modes
    from glassmodes.parallel import form_teams

    log = logging.getLogger("program")
    request = task.campaign.block("modes", task.ensemble.name)["request"]
    glasses = read_glasses(arguments.glasses)
    positions = hashlib.sha256(b"".join(glass.positions.tobytes() for glass in glasses))
    partial = PartialFolder(
        arguments.output,
        {
            "request": request,
            "glasses": positions.hexdigest(),
            "code_version": task.attributes["code_version"],
        },
    )
    if world.rank == 0:
        partial.open()
    world.Barrier()
    team = form_teams(world, task.ensemble.preparation["ranks_per_sample"])
    failures = {glass.sample: glass.status for glass in glasses if not glass.is_usable}
    for glass in team.share([glass for glass in glasses if glass.is_usable]):
        # every rank of the team must see the same
        if team.ranks.bcast(partial.has(glass.sample) if team.leads else None):
            log.info("sample %d was finished by an earlier run", glass.sample)
            continue
        expansion, kept = (
            Landscape.of_glass(task.model, glass).expand(glass.positions).without_rattlers()
        )
        try:
            modes = solve_modes(
                expansion,
                {"all": True} if request == "all" else request,
                communicator=team.ranks,
                log=log,
            )
        except ModeRequestError:
            raise
        except ModeError as error:
            failures[glass.sample] = f"modes: {error}"
            continue
        if team.leads:
            if not kept.all():
                # rattlers do not take part in any mode
                vectors = np.zeros((len(modes.vectors), *glass.positions.shape))
                vectors[:, kept] = modes.vectors
                modes.vectors = vectors
            with create_file(partial.sample_path(glass.sample), task.attributes) as file:
                group = file.create_group(sample_group(glass.sample))
                put_modes(group, modes)
                group.attrs["orthonormality"] = modes.orthonormality
                group.attrs["method"] = modes.method
                group.attrs["rattlers"] = int((~kept).sum())
    for part in world.allgather(failures):
        failures.update(part)
    if world.rank == 0:
        for sample, reason in sorted(failures.items()):
            log.warning("sample %d has no modes: %s", sample, reason)
        with create_file(arguments.output, task.attributes) as file:
            for glass in glasses:
                if glass.sample not in failures:
                    with open_file(partial.sample_path(glass.sample)) as part:
                        part.copy(sample_group(glass.sample), file)
                    rattlers = file[sample_group(glass.sample)].attrs["rattlers"]
                    if rattlers:
                        log.warning("sample %d: no mode moves %d rattlers", glass.sample, rattlers)
            file["sample"] = np.array([glass.sample for glass in glasses])
            file.create_dataset(
                "status",
                data=[failures.get(glass.sample, "ok") for glass in glasses],
                dtype=h5py.string_dtype("utf-8"),
            )
        partial.remove()
        log.info("%d of %d samples have modes", len(glasses) - len(failures), len(glasses))


if __name__ == "__main__":
    main(sys.argv[1:])
