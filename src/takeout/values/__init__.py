"""Values as Helm has them, each knowing where it came from; pure."""
