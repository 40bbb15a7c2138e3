# One rule for each stage of each study, as the studies declare them (analysis/glassmodes/studies):
# what it reads and makes, its ranks, memory and time, and the settings that its result depends on.
#
#   snakemake --list                           their names
#   snakemake --set-resources solve_modes:...  as for any rule
#
# A shell command is put together when its job starts, after the loop has ended: it has nothing of
# the loop but what `params` hold.

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
