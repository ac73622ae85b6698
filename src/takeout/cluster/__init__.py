"""Kubernetes: deploy a replica, prove that it works, say what is wrong."""
