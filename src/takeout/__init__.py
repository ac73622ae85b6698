"""Takeout: leave a managed JupyterHub with everything that is yours."""

__version__ = "0.1.0.dev0"
