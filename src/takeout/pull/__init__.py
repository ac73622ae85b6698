"""A home from any running Jupyter server, with nothing installed there."""

from takeout.pull.model import Named, Options, RemoteEntry, Report, State
from takeout.pull.run import pull
from takeout.pull.token import Token, find_token

__all__ = ["Named", "Options", "RemoteEntry", "Report", "State", "Token", "find_token", "pull"]
