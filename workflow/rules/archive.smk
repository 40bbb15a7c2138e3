# One file with everything that the figures are drawn from, for others to draw them.
#
#   snakemake archive                                    tables, configuration, versions, hashes
#   snakemake archive --config 'archive=[trajectories]'  arrays, too: glasses, modes, ...
ARCHIVE = f"{RESULTS}/{CAMPAIGN.name}.tar"


rule archive_results:
    input:
        manifest=f"{TABLES_FOLDER}/manifest.json",
    output:
        ARCHIVE,
    log:
        f"{RESULTS}/logs/archive_results.log",
    benchmark:
        f"{RESULTS}/benchmarks/archive_results.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=2000,
        runtime=240,
    params:
        code_version=CODE_VERSION,
        results=lambda wildcards, output: Path(output[0]).parent,
        arrays=" ".join(ARCHIVED),
    shell:
        program("archive_results") + " --results {params.results} --output {output}"
        " --log {log} --arrays {params.arrays}"
