# Inherent structures through time, and the rearrangements between them.


rule follow_inherent_structures:
    input:
        glasses=GLASSES,
    output:
        INHERENT,
    log:
        f"{RESULTS}/logs/follow_inherent_structures/{{ensemble}}.b{{bundle}}.T{{temperature}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/follow_inherent_structures/{{ensemble}}.b{{bundle}}.T{{temperature}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("follow_inherent_structures"),
        mem_mb=memory("follow_inherent_structures"),
        runtime=minutes("follow_inherent_structures"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("transitions"),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/follow_inherent_structures.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --temperature {wildcards.temperature}"
        " --glasses {input.glasses} --output {output} --log {log}"


rule measure_rearrangements:
    input:
        inherent=INHERENT,
    output:
        series=f"{RESULTS}/{{ensemble}}/parts/inherent_structures/b{{bundle}}.T{{temperature}}.parquet",
        events=f"{RESULTS}/{{ensemble}}/parts/rearrangements/b{{bundle}}.T{{temperature}}.parquet",
        runs=f"{RESULTS}/{{ensemble}}/parts/rearrangement_runs/b{{bundle}}.T{{temperature}}.parquet",
        fields=f"{RESULTS}/{{ensemble}}/parts/rearrangement_fields/b{{bundle}}.T{{temperature}}.parquet",
    log:
        f"{RESULTS}/logs/measure_rearrangements/{{ensemble}}.b{{bundle}}.T{{temperature}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/measure_rearrangements/{{ensemble}}.b{{bundle}}.T{{temperature}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("measure_rearrangements"),
        runtime=minutes("measure_rearrangements"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of("transitions"),
    shell:
        "python workflow/scripts/measure_rearrangements.py"
        " --campaign {params.campaign} --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --temperature {wildcards.temperature} --inherent {input.inherent}"
        " --inherent-structures {output.series} --rearrangements {output.events}"
        " --rearrangement-runs {output.runs} --rearrangement-fields {output.fields} --log {log}"
