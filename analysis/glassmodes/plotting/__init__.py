"""Style, panels and displacement fields that the figures of several papers share."""
