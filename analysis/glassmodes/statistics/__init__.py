"""Statistics of samples: bootstraps and jackknives, censored likelihoods, exponents; no physics."""
