"""Run a replica as a real JupyterHub on this machine, without Kubernetes."""
