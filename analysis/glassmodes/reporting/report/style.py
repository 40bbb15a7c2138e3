"""The style sheet of the report: light, dark and printed, from narrow to wide."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2330; --soft: #566070; --line: #d9dde3;
  --accent: #0b5cad; --page: #f4f5f7; --paper: #ffffff; --wash: #eef2f7;
  --shown: #14713d; --undecided: #7a5200; --contradicted: #b3261e;
  --text: Charter, "Bitstream Charter", "Source Serif 4", Cambria, Georgia, serif;
  --plain: system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e7ed; --soft: #a7b0bd; --line: #363d49;
  --accent: #82b9f2; --page: #12151a; --paper: #1a1e25; --wash: #242a34;
  --shown: #6fcf97; --undecided: #ecbe57; --contradicted: #ff9a90; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 var(--text);
  display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; z-index: 3; background: var(--paper); padding: .5rem 1rem; }
.side { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 1.2rem 1rem 2rem 1.2rem;
  font: 13.5px/1.4 var(--plain); border-right: 1px solid var(--line); background: var(--paper); }
.side > details > summary { font-weight: 600; color: var(--ink); }
.side ul { list-style: none; margin: 0; padding: 0; }
.side li ul { margin: .1rem 0 .5rem; }
.side li a { display: block; padding: .2rem .5rem; color: var(--ink); text-decoration: none;
  border-left: 3px solid transparent; overflow-wrap: anywhere; }
.side li > a:first-child { font-weight: 600; }
.side li li > a:first-child { font-weight: 400; color: var(--soft); padding-left: 1rem; }
.side a:hover { background: var(--wash); }
.side li li > a[aria-current], .side li > a[aria-current] { border-left-color: var(--accent);
  background: var(--wash); color: var(--ink); }
.search { margin: 0 0 .8rem; }
.search input { width: 100%; font: inherit; padding: .45rem .6rem; color: var(--ink);
  background: var(--page); border: 1px solid var(--soft); border-radius: 4px; }
.search p { margin: .3rem 0 0; color: var(--soft); }
.search ul { max-height: 45vh; overflow-y: auto; }
.search li > a:first-child { font-weight: 400; }
.search li small { color: var(--soft); font-weight: 400; }
main { min-width: 0; max-width: 68rem; width: 100%; margin: 0 auto; padding: 2rem 2.5rem 4rem; }
header, section { background: var(--paper); border: 1px solid var(--line); border-radius: 4px;
  padding: 1.6rem 2rem; margin: 0 0 1.5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .8rem; overflow-wrap: anywhere; }
h3 { font-size: 1.1rem; line-height: 1.3; margin: 1.5rem 0 .5rem; }
h2 + h3, article > h3 { margin-top: 0; }
article { border-top: 1px solid var(--line); margin: 2rem 0 0; padding: 1.3rem 0 0; }
p { margin: .5rem 0; max-width: 46rem; }
.lead, .note, .origin { color: var(--soft); }
.note, .origin { font: 13px/1.45 var(--plain); }
.value { white-space: nowrap; font-variant-numeric: tabular-nums; }
table { border-collapse: collapse; width: 100%; font: 13px/1.45 var(--plain); }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--line);
  padding: .35rem .8rem .35rem 0; vertical-align: bottom; }
td, tbody th { border-bottom: 1px solid var(--line); padding: .4rem .8rem .4rem 0;
  vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
td.wide { min-width: 14rem; }
table p { margin: .15rem 0; }
table.comparison { table-layout: fixed; margin-top: .8rem; }
table.comparison th:first-child { width: 38%; }
table.paper td { white-space: nowrap; }
.scroll { overflow-x: auto; }
.found + .found { border-top: 1px dotted var(--line); margin-top: .35rem; padding-top: .35rem; }
td details { margin: .1rem 0; } td details summary, td details p { font-size: 12px; }
.verdict { font: 600 12px/1.3 var(--plain); white-space: nowrap; padding: .05rem .45rem;
  border: 1px solid currentColor; border-radius: 1rem; color: var(--soft); }
.shown, .check-passed { color: var(--shown); } .undecided { color: var(--undecided); }
.contradicted, .check-failed { color: var(--contradicted); }
.counts .verdict { font-size: 14px; padding: .15rem .7rem; }
.reasons { font: 14px/1.5 var(--plain); padding-left: 1.2rem; max-width: 50rem; }
.reasons li { margin: .5rem 0; }
figure { margin: .6rem 0 0; }
figure img { display: block; height: auto; background: #fff;
  width: min(var(--own), max(100%, calc(.75 * var(--own)))); }
@media (prefers-color-scheme: dark) {
  figure img { padding: .4rem; border-radius: 4px; } }
figcaption, .caption { font-size: .94rem; color: var(--ink); margin-top: .6rem; max-width: 46rem; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--accent); font: 14px/1.5 var(--plain); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1.2rem;
  margin: .5rem 0; font: 13px/1.5 var(--plain); }
dt { color: var(--soft); overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: 12.5px/1.45 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
pre { overflow-x: auto; background: var(--wash); padding: .8rem; border-radius: 4px; }
:target { scroll-margin-top: 1rem; }
tr:target, li:target { background: var(--wash); }
@media (max-width: 64rem) {
  body { display: block; }
  html { scroll-padding-top: 6.5rem; }
  .side { position: static; height: auto; max-height: none; padding: .6rem 1rem; z-index: 2;
    border-right: 0; border-bottom: 1px solid var(--line); }
  .scripted .side { position: sticky; max-height: 80vh; }
  .search { margin: 0; } .side > details { margin: .4rem 0 0; }
  .side li a { padding-top: .35rem; padding-bottom: .35rem; }
  main { padding: 1rem; max-width: 60rem; } header, section { padding: 1.2rem 1.3rem; } }
@media (max-width: 38rem) {
  main { padding: 0; } header, section { border-width: 1px 0; border-radius: 0; padding: 1rem;
    margin-bottom: .8rem; }
  dl { grid-template-columns: minmax(0, 1fr); } dd { margin-bottom: .3rem; }
  table.comparison thead { position: absolute; left: -100rem; }
  table.comparison, table.comparison tbody, table.comparison tr, table.comparison td {
    display: block; width: 100%; }
  table.comparison td { padding-right: 0; }
  table.comparison td:first-child { border-bottom: 0; padding-bottom: 0; }
  table.comparison td::before { font-weight: 600; color: var(--soft); content: "Found here"; }
  table.comparison td:first-child::before { content: "The paper states"; } }
@media print {
  :root { --ink: #000; --soft: #444; --line: #bbb; --accent: #000; --page: #fff; --paper: #fff;
    --wash: #fff; --shown: #14713d; --undecided: #7a5200; --contradicted: #b3261e; }
  body { display: block; font-size: 10pt; } .side, .skip { display: none; }
  main { padding: 0; max-width: none; } header, section { border: 0; padding: 0; }
  .scroll { overflow: visible; } figure img { width: min(var(--own), 100%); padding: 0; }
  pre { white-space: pre-wrap; }
  h2, h3 { break-after: avoid; } figure, tr, li { break-inside: avoid; } }
"""
