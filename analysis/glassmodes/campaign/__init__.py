"""Campaign files, ensembles, and the plan of what a campaign costs."""
