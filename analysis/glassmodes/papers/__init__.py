"""The papers: claims with reference values, figures and tables, one folder each."""
