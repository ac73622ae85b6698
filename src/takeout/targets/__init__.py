"""Where a replica can run; one data file per target."""

from takeout.targets.load import known_types, load_target, target_names
from takeout.targets.model import Ingress, InstanceType, Step, StepId, StorageClass, Target
from takeout.targets.nearest import nearest

__all__ = [
    "Ingress",
    "InstanceType",
    "Step",
    "StepId",
    "StorageClass",
    "Target",
    "known_types",
    "load_target",
    "nearest",
    "target_names",
]
