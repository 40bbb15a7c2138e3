"""Transitions between inherent structures, in time and when single modes are pulled."""
