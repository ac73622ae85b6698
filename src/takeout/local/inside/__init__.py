"""What runs inside the hub's own process, in the environment that ``try`` keeps for it.

Modules here import JupyterHub and KubeSpawner, which Takeout itself does not need; nothing outside imports them.
``pod`` and ``leash`` are the exceptions: they know the standard library alone.
"""
