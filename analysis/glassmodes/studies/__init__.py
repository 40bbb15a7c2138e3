"""The studies of a campaign, one module each: settings, needs, and what they refuse."""
