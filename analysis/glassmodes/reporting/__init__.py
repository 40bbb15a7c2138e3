"""The catalogue of figures, the summary and the report of a campaign."""
