# From parts to tables; figures.smk goes on from there.


# tables of the papers that the campaign is compared with, where what they are made from is gathered
PAPER_TABLES = [
    table.name
    for name in CAMPAIGN.papers
    for table in find_paper(name).tables
    if table.made_from in TABLES
]


rule gather_tables:
    input:
        lambda wildcards: layout.parts(CAMPAIGN, wildcards.table),
    output:
        f"{TABLES_FOLDER}/{{table}}.parquet",
    log:
        f"{RESULTS}/logs/gather_tables/{{table}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/gather_tables/{{table}}.tsv"
    wildcard_constraints:
        table=one_of(TABLES),
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("gather_tables"),
        runtime=minutes("gather_tables"),
    params:
        campaign=SNAPSHOT,
        columns=lambda wildcards: [c.name for c in registry.tables()[wildcards.table].columns],
    shell:
        program("gather_tables")
        + " --campaign {params.campaign} --table {wildcards.table} --output {output} --log {log}"


rule summarise_tables:
    input:
        tables=[f"{TABLES_FOLDER}/{table}.parquet" for table in TABLES],
    output:
        ensembles=f"{TABLES_FOLDER}/ensembles.parquet",
        statuses=f"{TABLES_FOLDER}/sample_statuses.parquet",
        summary=f"{TABLES_FOLDER}/summary.parquet",
        made=[f"{TABLES_FOLDER}/{table}.parquet" for table in PAPER_TABLES],
        manifest=f"{TABLES_FOLDER}/manifest.json",
    log:
        f"{RESULTS}/logs/summarise_tables.log",
    benchmark:
        f"{RESULTS}/benchmarks/summarise_tables.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("summarise_tables"),
        runtime=minutes("summarise_tables"),
    params:
        campaign=SNAPSHOT,
        # claims and figures are soon made, and made again by every version of the software
        code_version=CODE_VERSION,
        papers=CAMPAIGN.papers,
        ensembles=CAMPAIGN.settings["ensembles"],
        folder=lambda wildcards, output: Path(output.summary).parent,
    shell:
        program("summarise_tables")
        + " --campaign {params.campaign} --tables {params.folder} --log {log}"
