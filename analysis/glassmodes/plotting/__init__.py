"""Style, panels and fields that figures of several papers share."""
