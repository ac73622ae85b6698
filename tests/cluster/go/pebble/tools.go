//go:build tools

// Package tools names Pebble, the authority of certificates that Let's Encrypt has for tests.
package tools

import _ "github.com/letsencrypt/pebble/v2/cmd/pebble"
