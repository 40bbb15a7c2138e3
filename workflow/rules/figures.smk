# Figures and report from tables, whoever made these; included by the Snakefile and by
# workflow/figures.smk, each of which says where they are (`table`) and what is in them (`contents`).
FIGURES = f"{RESULTS}/figures"
REPORT = f"{RESULTS}/report.html"


rule draw_figures:
    input:
        summary=table("summary.parquet"),
        manifest=table("manifest.json"),
    output:
        report(
            directory(FIGURES),
            patterns=["{figure}.png"],
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        f"{RESULTS}/logs/draw_figures.log",
    benchmark:
        f"{RESULTS}/benchmarks/draw_figures.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("draw_figures"),
        runtime=minutes("draw_figures"),
    params:
        code_version=CODE_VERSION,
        contents=contents,
    shell:
        program("draw_figures") + " --manifest {input.manifest}" " --output {output} --log {log}"


rule write_report:
    input:
        manifest=table("manifest.json"),
        figures=FIGURES,
    output:
        report(REPORT, caption="../report/report.rst", category="Report"),
    log:
        f"{RESULTS}/logs/write_report.log",
    benchmark:
        f"{RESULTS}/benchmarks/write_report.tsv"
    conda:
        "../../envs/conda.yaml"
    threads: 1
    resources:
        tasks=1,
        mem_mb=memory("write_report"),
        runtime=minutes("write_report"),
    params:
        code_version=CODE_VERSION,
        contents=contents,
    shell:
        program("write_report") + " --manifest {input.manifest}"
        " --figures {input.figures} --output {output} --log {log}"
