"""Statistics over samples: bootstrap, jackknife, censored likelihoods, exponents. No physics."""
