"""Mizuno, Shimada, Ikeda (2020): anharmonic properties of vibrational excitations."""
