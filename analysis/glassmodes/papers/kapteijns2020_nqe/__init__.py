"""Kapteijns, Richard, Lerner (2020): nonlinear quasilocalized excitations."""
