rule prepare_glasses:
    output:
        GLASSES,
    log:
        f"{RESULTS}/logs/prepare_glasses/{{ensemble}}.b{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/prepare_glasses/{{ensemble}}.b{{bundle}}.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        mpi="mpiexec",
        tasks=ranks("prepare_glasses"),
        mem_mb=memory("prepare_glasses"),
        runtime=minutes("prepare_glasses"),
    params:
        campaign=SNAPSHOT,
        code_version=CODE_VERSION,
        settings=settings_of(),
    shell:
        "{resources.mpi} -n {resources.tasks} python workflow/scripts/prepare_glasses.py"
        " --campaign {params.campaign} --ranks {resources.tasks}"
        " --ensemble {wildcards.ensemble} --bundle {wildcards.bundle}"
        " --output {output} --log {log}"
