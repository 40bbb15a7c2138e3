"""Files and tables of a campaign: arrays, columns, hashes, archives, parts of unfinished jobs."""
