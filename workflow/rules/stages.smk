# One rule for each stage of each study, as the studies declare them (analysis/glassmodes/studies):
# what it reads and makes, its ranks, memory and time, and the settings that its result depends on.
#
#   snakemake --list                           their names
#   snakemake --set-resources solve_modes:...  as for any rule
#
# A shell command is put together when its job starts, after the loop has ended: it has nothing of
# the loop but what `params` hold.


def inputs_of(stage):
    """What a stage reads, by name: functions of wildcards."""

    def files(name):
        return lambda wildcards: layout.inputs_of(CAMPAIGN, job_of(stage, wildcards), name)

    return {read.name: files(read.name) for read in stage.inputs}


def outputs_of(stage, temporary):
    """Patterns of what a stage makes; Snakemake removes temporary files after their use."""
    files = [f"{RESULTS}/{layout.pattern(made.name)}" for made in stage.makes]
    return [temp(file) for file in files] if temporary else files


def file_beside(folder, stage, ending):
    """Pattern of a job's log or benchmark."""
    return f"{RESULTS}/{folder}/{stage.name}/{layout.label_pattern(stage)}.{ending}"


def ensembles_of(stage, temporary):
    """Ensembles of a stage's rule, or of its second rule whose files are temporary."""
    names = [name for name in layout.ensembles_of(CAMPAIGN, stage) if name]
    if stage.temporary is None:
        return names
    return [name for name in names if stage.temporary[1](CAMPAIGN, name) == temporary]


def variants(parallel):
    """Stages, each with the name of its rule and whether its files are temporary."""
    for stage in registry.stages().values():
        if stage.is_parallel == parallel:
            yield stage, stage.name, False
            if stage.temporary is not None and ensembles_of(stage, True):
                yield stage, stage.temporary[0], True


for STAGE, RULE, TEMPORARY in variants(parallel=True):

    rule:
        name:
            RULE
        input:
            **inputs_of(STAGE),
        output:
            outputs_of(STAGE, TEMPORARY),
        log:
            file_beside("logs", STAGE, "log"),
        benchmark:
            file_beside("benchmarks", STAGE, "tsv")
        wildcard_constraints:
            ensemble=one_of(ensembles_of(STAGE, TEMPORARY)),
        conda:
            "../../envs/conda.yaml"
        threads: 1
        resources:
            mpi=launcher(),
            tasks=ranks(STAGE),
            mem_mb=memory(STAGE.name),
            runtime=minutes(STAGE.name),
        params:
            job=job_arguments(STAGE),
            campaign=SNAPSHOT,
            settings=settings_of(STAGE),
        shell:
            "{resources.mpi} -n {resources.tasks} "
            + program("run_stage")
            + " {params.job} --campaign {params.campaign} --ranks {resources.tasks} --log {log}"


for STAGE, RULE, TEMPORARY in variants(parallel=False):

    rule:
        name:
            RULE
        input:
            **inputs_of(STAGE),
        output:
            outputs_of(STAGE, TEMPORARY),
        log:
            file_beside("logs", STAGE, "log"),
        benchmark:
            file_beside("benchmarks", STAGE, "tsv")
        wildcard_constraints:
            ensemble=one_of(ensembles_of(STAGE, TEMPORARY)),
        conda:
            "../../envs/conda.yaml"
        threads: 1
        resources:
            tasks=1,
            mem_mb=memory(STAGE.name),
            runtime=minutes(STAGE.name),
        params:
            job=job_arguments(STAGE),
            campaign=SNAPSHOT,
            settings=settings_of(STAGE),
        shell:
            program("run_stage") + " {params.job} --campaign {params.campaign} --log {log}"
