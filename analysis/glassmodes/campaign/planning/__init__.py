"""Jobs of a campaign: what they cost, what they ask for, and which are left to do.

Cheap to import: every job on a cluster does.
"""

from glassmodes.campaign.planning.costs import (
    LAST,
    Cost,
    Machine,
    MachineError,
    cost,
    cost_of_last,
    cost_of_presentation,
    ranks,
    requested_memory,
    requested_minutes,
    settings_of,
    settings_text,
)
from glassmodes.campaign.planning.plan import Group, Plan, make_plan
from glassmodes.campaign.planning.presentation import COLUMNS, as_json, as_text, rows

__all__ = [
    "COLUMNS",
    "LAST",
    "Cost",
    "Group",
    "Machine",
    "MachineError",
    "Plan",
    "as_json",
    "as_text",
    "cost",
    "cost_of_last",
    "cost_of_presentation",
    "make_plan",
    "ranks",
    "requested_memory",
    "requested_minutes",
    "rows",
    "settings_of",
    "settings_text",
]
