"""The eras of an infrastructure repository: one file for each way that it was laid out."""
