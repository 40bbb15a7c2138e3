"""Compute the density of states of one bundle by the kernel polynomial method.

No mode is solved for, so it runs where no factorisation fits. All ranks work on one sample after
another.
"""

import logging
import sys

import numpy as np
import pandas as pd
from glassmodes.campaign import programs


def main(argv=None):
    """Run the program; `--help` says how."""
    parser = programs.argument_parser(__doc__, parallel=True)
    parser.add_argument("--glasses", required=True, help="glasses/bNNNN.h5")
    parser.add_argument("--output", required=True, help="part of the table density_of_states")
    arguments = parser.parse_args(argv)
    task, world = programs.begin(arguments, "compute_density_of_states")

    from glassmodes.data.storage import read_glasses
    from glassmodes.landscape import Landscape
    from glassmodes.modes.densities import kernel_polynomial_density, largest_eigenvalue
    from glassmodes.randomness import random_stream

    log = logging.getLogger("program")
    seed, name = task.campaign.seed, task.ensemble.name
    block = task.campaign.block("density_of_states", name)
    width = block["bin_width"]
    frames = []
    for glass in read_glasses(arguments.glasses):
        if not glass.is_usable:
            log.warning("sample %d is left out: %s", glass.sample, glass.status)
            continue
        expansion = Landscape.of_glass(task.model, glass).expand(glass.positions)
        top = largest_eigenvalue(
            expansion.hessian_product,
            glass.positions.shape,
            random_stream(seed, name, glass.sample, "largest eigenvalue"),
        )
        found = kernel_polynomial_density(
            expansion,
            np.arange(0.0, 1.02 * np.sqrt(top) + width, width),
            rng=random_stream(seed, name, glass.sample, "kernel polynomial"),
            moments=block["moments"],
            random_vectors=block["random_vectors"],
            communicator=world,
        )
        frame = pd.DataFrame(
            {
                "frequency": found.frequency,
                "density": found.density,
                "density_error": found.error,
            }
        )
        frames.append(programs.with_sample(frame, task, glass.sample))
        log.info("sample %d: %d bins", glass.sample, len(frame))
    if world.rank == 0:
        programs.write_part(arguments.output, frames, task)


if __name__ == "__main__":
    main(sys.argv[1:])
