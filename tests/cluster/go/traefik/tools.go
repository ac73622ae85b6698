//go:build tools

// Package tools names Traefik, of the version that the chart of dask-gateway asks for.
package tools

import _ "github.com/traefik/traefik/v3/cmd/traefik"
