"""Mizuno, Tong, Ikeda, Mossa (2020): intermittent rearrangements, lifetimes of modes."""
