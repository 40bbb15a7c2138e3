"""Transitions between inherent structures: through time, and by pulling single modes."""
