"""Anharmonic decay of vibrational modes: third-order vertices, decay rates, lifetimes in MD."""
