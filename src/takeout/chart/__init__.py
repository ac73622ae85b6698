"""Helm: find a chart, load it, validate values against it, render it, and list the images."""
